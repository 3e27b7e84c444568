import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StatusView, TaskView } from '../../../edge/contract/api.ts';
import { openEdge } from '../../../edge/testing/shared-edges.ts';
import { UNKNOWN } from '../../../edge/testing/unknown-task.ts';
import { lines, openCli, TOGETHER } from '../../testing/test-cli.ts';

const edge = openEdge();
const cli = openCli();

describe('status, watch', TOGETHER, () => {
  test('status shows all that is known of a task', async () => {
    const id = await edge.submit({ type: 'cli-status', payload: { n: 1 }, tags: ['t'], priority: 3 });
    await cli.end('cli-status', { success: false, error: 'No \u001b[31mpaper\n' });
    const [output, json] = await Promise.all([cli.done(['status', id]), cli.done(['status', id, '--json'])]);
    assert.match(output, new RegExp(`^task +${id}$`, 'm'));
    assert.match(output, /^status +failed, attempt 1 of 3$/m);
    assert.match(output, /^tags +t\npayload +\{"n":1\}$/m);
    assert.match(output, /^error +task_error: No \\u001b\[31mpaper\\n$/m, 'control characters are escaped');
    assert.equal(TaskView.parse(JSON.parse(json)).error?.message, 'No \u001b[31mpaper\n');
  });

  test('watch prints each change until the task has completed, and exits with 0', async () => {
    const id = await edge.submit({ type: 'cli-watch' });
    const onOutput = () => cli.end('cli-watch', { success: true, result: 'done' });
    const output = await cli.done(['watch', id], { onOutput });
    assert.match(output, /^[\d:]{8} {2}pending$/m);
    assert.match(output, /^status +completed, attempt 1 of 3$/m);
    assert.match(output, /^result +"done"$/m);
  });

  test('watch --json prints one status per line, and exits with 2 if the task is cancelled', async () => {
    const id = await edge.submit({ type: 'cli-watch-cancelled', delaySeconds: 600 });
    const onOutput = () => edge.api.post(`/tasks/${id}/cancel`);
    const { ended, stdout } = await cli.run(['watch', id, '--json'], { onOutput });
    assert.equal(ended, 2);
    const statuses = lines(stdout.trimEnd()).map((view) => StatusView.parse(view).status);
    assert.deepEqual(statuses, ['pending', 'cancelled']);
  });

  test('watch exits at once on Ctrl+C', async () => {
    const id = await edge.submit({ type: 'cli-watch-stopped', delaySeconds: 600 });
    const { ended } = await cli.run(['watch', id], { onOutput: (child) => child.kill('SIGINT') });
    assert.equal(ended, 'SIGINT');
  });

  cli.refuses([
    [['status', UNKNOWN], new RegExp(`^No task has the id ${UNKNOWN}`, 'm')],
    [['watch', UNKNOWN], new RegExp(`^No task has the id ${UNKNOWN}`, 'm')],
  ]);
});
