import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Submitted, TaskList, TaskView } from '../../../edge/contract/api.ts';
import { openEdge } from '../../../edge/testing/shared-edges.ts';
import { ID, lines, openCli, TOGETHER } from '../../testing/test-cli.ts';

const edge = openEdge();
const cli = openCli();

const TaskRef = Submitted.pick({ taskId: true });

describe('submit', TOGETHER, () => {
  test('submits a task with the options of its flags and prints its id', async () => {
    const payload = await cli.file('payload.json', '{"n":1}');
    const flags = ['--priority', '5', '--delay', '60', '--max-attempts', '4', '--timeout', '9', '--tag', 'a'];
    const id = await cli.done(['submit', 'cli-flags', '--payload', `@${payload}`, ...flags, '--tag', 'b']);
    const task = await edge.api.read(`/tasks/${id}`, TaskView);
    const expected = { payload: { n: 1 }, priority: 5, maxAttempts: 4, timeoutSeconds: 9, tags: ['a', 'b'] };
    assert.partialDeepStrictEqual(task, expected);
    assert.equal(Date.parse(task.runAt ?? '') - Date.parse(task.createdAt), 60_000);
  });

  test('accepts a payload on standard input, a run time and an idempotency key', async () => {
    const runAt = new Date(Date.now() + 60_000).toISOString();
    const args = ['submit', 'cli-key', '--payload', '@-', '--run-at', runAt, '--idempotency-key', 'cli-key'];
    const { taskId } = TaskRef.parse(JSON.parse(await cli.done([...args, '--json'], { input: '["stdin"]' })));
    assert.partialDeepStrictEqual(await edge.api.read(`/tasks/${taskId}`, TaskView), {
      payload: ['stdin'],
      runAt,
    });
    assert.equal(await cli.done(args, { input: '["stdin"]' }), taskId);
  });

  test('accepts durations, counted from now into the future', async () => {
    const [delayed, later] = await Promise.all([
      cli.done(['submit', 'cli-durations', '--delay', '1h', '--timeout', '5m']),
      cli.done(['submit', 'cli-durations', '--run-at', '2h']),
    ]);
    const task = await edge.api.read(`/tasks/${delayed}`, TaskView);
    assert.equal(task.timeoutSeconds, 300);
    assert.equal(Date.parse(task.runAt ?? '') - Date.parse(task.createdAt), 3_600_000);
    const { createdAt, runAt = '' } = await edge.api.read(`/tasks/${later}`, TaskView);
    const ahead = Date.parse(runAt) - Date.parse(createdAt);
    assert.ok(Math.abs(ahead - 7_200_000) < 60_000, runAt);
  });

  test('with --wait shows the result of a completed task and exits with 0', async () => {
    const onOutput = () => cli.end('cli-wait', { success: true, result: { sum: 3 } });
    const output = await cli.done(['submit', 'cli-wait', '--wait', '--wait-timeout', '30'], { onOutput });
    assert.match(output.split('\n')[0] ?? '', ID);
    assert.match(output, /^status +completed, attempt 1 of 3$/m);
    assert.match(output, /^result +\{"sum":3\}$/m);
  });

  test('with --wait exits with 2 if the task fails', async () => {
    const onOutput = () => cli.end('cli-wait-fails', { success: false, error: 'No paper' });
    const { ended, stdout } = await cli.run(['submit', 'cli-wait-fails', '--wait'], { onOutput });
    assert.equal(ended, 2);
    assert.match(stdout, /^error +task_error: No paper$/m);
  });

  test('with --wait exits with 3 if the task does not end in time', async () => {
    const args = ['submit', 'cli-wait-late', '--delay', '600', '--wait', '--wait-timeout', '0.2'];
    const { ended, stdout, stderr } = await cli.run(args);
    assert.equal(ended, 3);
    assert.match(stdout.trimEnd(), ID);
    assert.match(stderr, /has not ended within 0\.2 s; its status is pending/);
  });

  test('with --wait exits at once on Ctrl+C', async () => {
    const { ended } = await cli.run(['submit', 'cli-wait-stopped', '--delay', '600', '--wait'], {
      onOutput: (child) => child.kill('SIGINT'),
    });
    assert.equal(ended, 'SIGINT');
  });

  cli.refuses([
    [
      ['submit', 'a', '--payload', '{"a": tru}'],
      /^--payload is not JSON: .* at line 1, column 7\n {2}.*\n {8}\^$/m,
    ],
    [['submit', 'a', '--priority', '101'], /^priority: .*100/m],
  ]);
});

describe('submit --batch', TOGETHER, () => {
  const tasks = (type: string, count: number) =>
    Array.from({ length: count }, (_, n) => JSON.stringify({ type, payload: { n }, delaySeconds: 600 }));

  test('submits the tasks of a file, one per line', async () => {
    const path = await cli.file('batch.ndjson', tasks('cli-batch', 3).join('\n\n'));
    assert.equal(await cli.done(['submit', '--batch', path]), 'Submitted 3 tasks');
    assert.equal((await edge.api.read('/tasks?type=cli-batch', TaskList)).count, 3);
  });

  test('submits the tasks from standard input, and prints each id with --json', async () => {
    const input = tasks('cli-batch-in', 1001).join('\n');
    const ids = lines(await cli.done(['submit', '--batch', '-', '--json'], { input }));
    assert.equal(ids.length, 1001);
    const { taskId } = TaskRef.parse(ids[1000]);
    assert.deepEqual((await edge.api.read(`/tasks/${taskId}`, TaskView)).payload, { n: 1000 });
  });

  test('names the invalid line and the number of tasks submitted before it', async () => {
    const path = await cli.file('wrong.ndjson', '{"type":"cli-wrong"}\n{"type":"a" "payload":1}\n');
    const input = `${tasks('cli-batch-some', 1000).join('\n')}\n{}\n`;
    const sentence = /^standard input, line 1001: type: .*\n1000 tasks were submitted before it$/m;
    await Promise.all([
      cli.fails(
        ['submit', '--batch', path],
        /wrong\.ndjson is not JSON: expected a comma or a closing bracket at line 2, column 13\n/,
      ),
      cli.fails(['submit', '--batch', '-'], sentence, { input }),
    ]);
    assert.equal((await edge.api.read('/tasks?type=cli-wrong', TaskList)).count, 0);
  });
});
