import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StatusView, TaskList } from '../../../edge/contract/api.ts';
import { openEdge } from '../../../edge/testing/shared-edges.ts';
import { UNKNOWN } from '../../../edge/testing/unknown-task.ts';
import { lines, openCli, TOGETHER } from '../../testing/test-cli.ts';

const edge = openEdge();
const cli = openCli();

describe('list, cancel, retry', TOGETHER, () => {
  test('the tasks that match the filters are listed, as a table or as one JSON object per line', async () => {
    const ids = await edge.submitManyReady('cli-list', 3, { tags: ['some', 'tag'] });
    const filters = ['--type', 'cli-list', '--tag', 'tag', '--status', 'pending', '--created-after', '1h'];
    const [limited, json, none] = await Promise.all([
      cli.run(['list', ...filters, '--limit', '2']),
      cli.done(['list', ...filters, '--all', '--json']),
      cli.run(['list', ...filters, '--created-before', '1h']),
    ]);
    assert.match(limited.stdout, /^TASK +TYPE +STATUS +ATTEMPT +CREATED +TAGS$/m);
    assert.match(limited.stdout, new RegExp(`^${ids[2]}  cli-list  pending  0 +.* ago +some tag$`, 'm'));
    assert.equal(limited.stdout.trimEnd().split('\n').length, 3);
    assert.match(limited.stderr, /^More tasks match: --limit N lists up to N tasks, --all lists all$/m);
    const listed = lines(json).map((task) => TaskList.shape.tasks.element.parse(task).id);
    assert.deepEqual(listed, ids.toReversed());
    assert.deepEqual([none.ended, none.stdout], [0, '']);
    assert.match(none.stderr, /^No tasks match the filters/m);
  });

  test('tasks are cancelled and retried by id; a refused one does not stop the others', async () => {
    const [one = '', other = ''] = await edge.submitManyReady('cli-change', 2);
    assert.equal(await cli.done(['cancel', one, other]), `${one}  cancelled\n${other}  cancelled`);
    const [view] = lines(await cli.done(['retry', one, '--json']));
    assert.equal(StatusView.parse(view).status, 'pending');
    const sentence = new RegExp(`^${one}: Only a failed or cancelled task`, 'm');
    assert.equal(await cli.fails(['retry', one, other], sentence), `${other}  pending\n`);
  });

  test('all tasks that match the filters are cancelled and retried', async () => {
    await edge.submitManyReady('cli-change-all', 3);
    const filters = ['--all', '--type', 'cli-change-all'];
    assert.equal(await cli.done(['cancel', ...filters]), 'Cancelled 3 tasks');
    const cancelled = ['--status', 'cancelled', '--since', '10m', '--json'];
    assert.partialDeepStrictEqual(JSON.parse(await cli.done(['retry', ...filters, ...cancelled])), {
      count: 3,
    });
  });

  cli.refuses([
    [['cancel', UNKNOWN], new RegExp(`^No task has the id ${UNKNOWN}`, 'm')],
    [['list', '--id', 'xyz'], /^id: Expected a task id or its beginning$/m],
  ]);
});
