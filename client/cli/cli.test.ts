import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { BatchSubmitted, StatusView, Submitted, TaskList, TaskView } from '../../edge/contract/api.ts';
import { SingleClaim } from '../../edge/contract/buffer.ts';
import { QueueStats, RunnerList, TypeSwitch } from '../../edge/contract/stats.ts';
import { newSubmission, taskIdAt } from '../../edge/contract/task-id.ts';
import { freePort } from '../../edge/scripts/lib/local-edge.ts';
import { guardedEdge, openEdge, TOKENS } from '../../edge/testing/shared-edges.ts';
import { waitFor } from '../../edge/testing/wait-for.ts';
import type { CliRun } from '../testing/cli-run.ts';
import { type CliOptions, type CommandHost, runCli, startCommandHost } from '../testing/run-cli.ts';

const edge = openEdge();
const guarded = guardedEdge();
let host: CommandHost;
let url: string;
let folder: string;
before(async () => {
  [url, host] = await Promise.all([edge.listen(), startCommandHost()]);
  folder = await mkdtemp(join(tmpdir(), 'task-queue-cli-'));
});
after(async () => {
  host.close();
  await rm(folder, { recursive: true });
});

/** Some tests are processes of their own: as many at once as keep the machine busy. */
const TOGETHER = { concurrency: 3 };
const UNKNOWN = taskIdAt(newSubmission(Date.UTC(2026, 0, 1), 0, new Uint8Array(6)), 0);
const ID = /^[0-9a-f]{8}-[0-9a-f-]{27}$/;
const TaskRef = Submitted.pick({ taskId: true });

/** Runs a command; one that has to do with its process in a process of its own. */
function cli(args: readonly string[], { env, ...options }: CliOptions = {}): Promise<CliRun> {
  const settings = { API_WORKER_URL: url, ...env };
  if (Object.keys(options).length > 0) return runCli(args, { ...options, env: settings });
  return host.run(args, settings);
}

/** Runs a command that has to succeed, and resolves to what it prints. */
async function done(args: readonly string[], options?: CliOptions): Promise<string> {
  const { ended, stdout, stderr } = await cli(args, options);
  assert.equal(ended, 0, `${args.join(' ')}: ${stderr}`);
  return stdout.trimEnd();
}

/** Runs a command that has to fail with a sentence, and nothing of the program's inside. */
async function fails(args: readonly string[], sentence: RegExp, options?: CliOptions): Promise<string> {
  const { ended, stdout, stderr } = await cli(args, options);
  assert.equal(ended, 1, `${args.join(' ')}: ${stdout}${stderr}`);
  assert.match(stderr, sentence);
  assert.doesNotMatch(stderr, /^\s+at /m);
  return stdout;
}

/** One test for each command that is refused. */
function refuses(refusals: readonly (readonly [readonly string[], RegExp])[]): void {
  for (const [args, sentence] of refusals) {
    test(`${args.join(' ')} is refused by a sentence`, async () => {
      assert.equal(await fails(args, sentence), '');
    });
  }
}

/** The lines of an output that is JSON, one value a line. */
function lines(output: string): unknown[] {
  return output.split('\n').map((line) => JSON.parse(line));
}

/** Ends the ready task of a type as a consumer of single tasks does. */
async function end(type: string, outcome: { success: boolean; result?: unknown; error?: unknown }) {
  const [id] = await edge.ready(type, 1);
  await edge.buffer.read(`/tasks/${id}/claim`, SingleClaim, {});
  assert.equal((await edge.api.post(`/tasks/${id}/complete`, outcome)).status, 200);
}

async function file(name: string, content: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

describe('submit', TOGETHER, () => {
  test('prints the id of a task that has all that the flags say', async () => {
    const payload = await file('payload.json', '{"n":1}');
    const flags = ['--priority', '5', '--delay', '60', '--max-attempts', '4', '--timeout', '9', '--tag', 'a'];
    const id = await done(['submit', 'cli-flags', '--payload', `@${payload}`, ...flags, '--tag', 'b']);
    const task = await edge.api.read(`/tasks/${id}`, TaskView);
    const expected = { payload: { n: 1 }, priority: 5, maxAttempts: 4, timeoutSeconds: 9, tags: ['a', 'b'] };
    assert.partialDeepStrictEqual(task, expected);
    assert.equal(Date.parse(task.runAt ?? '') - Date.parse(task.createdAt), 60_000);
  });

  test('takes the payload from standard input, a time to run at, and a key', async () => {
    const runAt = new Date(Date.now() + 60_000).toISOString();
    const args = ['submit', 'cli-key', '--payload', '@-', '--run-at', runAt, '--idempotency-key', 'cli-key'];
    const { taskId } = TaskRef.parse(JSON.parse(await done([...args, '--json'], { input: '["stdin"]' })));
    assert.partialDeepStrictEqual(await edge.api.read(`/tasks/${taskId}`, TaskView), {
      payload: ['stdin'],
      runAt,
    });
    assert.equal(await done(args, { input: '["stdin"]' }), taskId);
  });

  test('takes durations, which go into the future', async () => {
    const [delayed, later] = await Promise.all([
      done(['submit', 'cli-durations', '--delay', '1h', '--timeout', '5m']),
      done(['submit', 'cli-durations', '--run-at', '2h']),
    ]);
    const task = await edge.api.read(`/tasks/${delayed}`, TaskView);
    assert.equal(task.timeoutSeconds, 300);
    assert.equal(Date.parse(task.runAt ?? '') - Date.parse(task.createdAt), 3_600_000);
    const { createdAt, runAt = '' } = await edge.api.read(`/tasks/${later}`, TaskView);
    const ahead = Date.parse(runAt) - Date.parse(createdAt);
    assert.ok(Math.abs(ahead - 7_200_000) < 60_000, runAt);
  });

  test('with --wait shows the result of a task that completes, and ends with 0', async () => {
    const onOutput = () => end('cli-wait', { success: true, result: { sum: 3 } });
    const output = await done(['submit', 'cli-wait', '--wait', '--wait-timeout', '30'], { onOutput });
    assert.match(output.split('\n')[0] ?? '', ID);
    assert.match(output, /^status +completed, attempt 1 of 3$/m);
    assert.match(output, /^result +\{"sum":3\}$/m);
  });

  test('with --wait ends with 2 for a task that fails', async () => {
    const onOutput = () => end('cli-wait-fails', { success: false, error: 'No paper' });
    const { ended, stdout } = await cli(['submit', 'cli-wait-fails', '--wait'], { onOutput });
    assert.equal(ended, 2);
    assert.match(stdout, /^error +task_error: No paper$/m);
  });

  test('with --wait ends with 3 for a task that does not end in time', async () => {
    const args = ['submit', 'cli-wait-late', '--delay', '600', '--wait', '--wait-timeout', '0.2'];
    const { ended, stdout, stderr } = await cli(args);
    assert.equal(ended, 3);
    assert.match(stdout.trimEnd(), ID);
    assert.match(stderr, /has not ended within 0\.2 s; its status is pending/);
  });

  test('with --wait ends at once at Ctrl+C', async () => {
    const { ended } = await cli(['submit', 'cli-wait-stopped', '--delay', '600', '--wait'], {
      onOutput: (child) => child.kill('SIGINT'),
    });
    assert.equal(ended, 'SIGINT');
  });

  refuses([
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

  test('submits the tasks of a file, one a line', async () => {
    const path = await file('batch.ndjson', tasks('cli-batch', 3).join('\n\n'));
    assert.equal(await done(['submit', '--batch', path]), 'Submitted 3 tasks');
    assert.equal((await edge.api.read('/tasks?type=cli-batch', TaskList)).count, 3);
  });

  test('submits what comes on standard input, and tells each id to a program', async () => {
    const input = tasks('cli-batch-in', 1001).join('\n');
    const ids = lines(await done(['submit', '--batch', '-', '--json'], { input }));
    assert.equal(ids.length, 1001);
    const { taskId } = TaskRef.parse(ids[1000]);
    assert.deepEqual((await edge.api.read(`/tasks/${taskId}`, TaskView)).payload, { n: 1000 });
  });

  test('names the line that is wrong, and tells what is submitted before it', async () => {
    const path = await file('wrong.ndjson', '{"type":"cli-wrong"}\n{"type":"a" "payload":1}\n');
    const input = `${tasks('cli-batch-some', 1000).join('\n')}\n{}\n`;
    const told = /^standard input, line 1001: type: .*\n1000 tasks before it are submitted$/m;
    await Promise.all([
      fails(['submit', '--batch', path], /wrong\.ndjson is not JSON: comma expected at line 2, column 13\n/),
      fails(['submit', '--batch', '-'], told, { input }),
    ]);
    assert.equal((await edge.api.read('/tasks?type=cli-wrong', TaskList)).count, 0);
  });
});

describe('status, watch', TOGETHER, () => {
  test('a task is shown with all that is known of it', async () => {
    const id = await edge.submit({ type: 'cli-status', payload: { n: 1 }, tags: ['t'], priority: 3 });
    await end('cli-status', { success: false, error: 'No \u001b[31mpaper\n' });
    const [output, json] = await Promise.all([done(['status', id]), done(['status', id, '--json'])]);
    assert.match(output, new RegExp(`^task +${id}$`, 'm'));
    assert.match(output, /^status +failed, attempt 1 of 3$/m);
    assert.match(output, /^tags +t\npayload +\{"n":1\}$/m);
    assert.match(output, /^error +task_error: No \\u001b\[31mpaper\\n$/m, 'it does not steer the terminal');
    assert.equal(TaskView.parse(JSON.parse(json)).error?.message, 'No \u001b[31mpaper\n');
  });

  test('watch tells each change until the end, and ends with 0', async () => {
    const id = await edge.submit({ type: 'cli-watch' });
    const onOutput = () => end('cli-watch', { success: true, result: 'done' });
    const output = await done(['watch', id], { onOutput });
    assert.match(output, /^[\d:]{8} {2}pending$/m);
    assert.match(output, /^status +completed, attempt 1 of 3$/m);
    assert.match(output, /^result +"done"$/m);
  });

  test('watch tells a program one status a line, and ends with 2 for a task that is cancelled', async () => {
    const id = await edge.submit({ type: 'cli-watch-cancelled', delaySeconds: 600 });
    const onOutput = () => edge.api.post(`/tasks/${id}/cancel`);
    const { ended, stdout } = await cli(['watch', id, '--json'], { onOutput });
    assert.equal(ended, 2);
    const statuses = lines(stdout.trimEnd()).map((view) => StatusView.parse(view).status);
    assert.deepEqual(statuses, ['pending', 'cancelled']);
  });

  test('watch ends at once at Ctrl+C', async () => {
    const id = await edge.submit({ type: 'cli-watch-stopped', delaySeconds: 600 });
    const { ended } = await cli(['watch', id], { onOutput: (child) => child.kill('SIGINT') });
    assert.equal(ended, 'SIGINT');
  });

  refuses([
    [['status', UNKNOWN], new RegExp(`^No task has the id ${UNKNOWN}`, 'm')],
    [['watch', UNKNOWN], new RegExp(`^No task has the id ${UNKNOWN}`, 'm')],
  ]);
});

describe('list, cancel, retry', TOGETHER, () => {
  test('the tasks that the flags leave are listed, in a table or one a line', async () => {
    const ids = await edge.submitManyReady('cli-list', 3, { tags: ['some', 'tag'] });
    const filters = ['--type', 'cli-list', '--tag', 'tag', '--status', 'pending', '--created-after', '1h'];
    const [limited, json, none] = await Promise.all([
      cli(['list', ...filters, '--limit', '2']),
      done(['list', ...filters, '--all', '--json']),
      cli(['list', ...filters, '--created-before', '1h']),
    ]);
    assert.match(limited.stdout, /^TASK +TYPE +STATUS +ATTEMPT +CREATED +TAGS$/m);
    assert.match(limited.stdout, new RegExp(`^${ids[2]}  cli-list  pending  0 +.* ago +some tag$`, 'm'));
    assert.equal(limited.stdout.trimEnd().split('\n').length, 3);
    assert.match(limited.stderr, /^There are more: --limit N lists up to N tasks, --all lists all$/m);
    const listed = lines(json).map((task) => TaskList.shape.tasks.element.parse(task).id);
    assert.deepEqual(listed, ids.toReversed());
    assert.deepEqual([none.ended, none.stdout], [0, '']);
    assert.match(none.stderr, /^No tasks match the filters/m);
  });

  test('tasks are cancelled and brought back by their ids, whatever becomes of others', async () => {
    const [one = '', other = ''] = await edge.submitManyReady('cli-change', 2);
    assert.equal(await done(['cancel', one, other]), `${one}  cancelled\n${other}  cancelled`);
    const [view] = lines(await done(['retry', one, '--json']));
    assert.equal(StatusView.parse(view).status, 'pending');
    const sentence = new RegExp(`^${one}: Only a failed or cancelled task`, 'm');
    assert.equal(await fails(['retry', one, other], sentence), `${other}  pending\n`);
  });

  test('tasks are cancelled and brought back by what the flags say', async () => {
    await edge.submitManyReady('cli-change-all', 3);
    const filters = ['--all', '--type', 'cli-change-all'];
    assert.equal(await done(['cancel', ...filters]), 'Cancelled 3 tasks');
    const cancelled = ['--status', 'cancelled', '--since', '10m', '--json'];
    assert.partialDeepStrictEqual(JSON.parse(await done(['retry', ...filters, ...cancelled])), { count: 3 });
  });

  refuses([
    [['cancel', UNKNOWN], new RegExp(`^No task has the id ${UNKNOWN}`, 'm')],
    [['list', '--id', 'xyz'], /^id: Expected a task id or its beginning$/m],
  ]);
});

describe('stats, runners, pause, resume', () => {
  test('a type is paused and resumed, and statistics say so and what no runner handles', async () => {
    await edge.submitManyReady('cli-stats', 2);
    const paused = await done(['pause', 'cli-stats']);
    assert.equal(paused, 'cli-stats is paused. Run `runner resume cli-stats` to resume it');
    const [table, json] = await Promise.all([done(['stats']), done(['stats', '--json'])]);
    assert.match(table, /^TYPE +READY +SCHEDULED +PROCESSING +COMPLETED +FAILED +CANCELLED +NOTE$/m);
    assert.match(table, /^cli-stats +2 +0 +0 +0 +0 +0 +paused, no runner handles it$/m);
    assert.match(table, /^Waits longest: [0-9a-f-]{36}, /m);
    const { types } = QueueStats.parse(JSON.parse(json));
    assert.equal(types.find(({ type }) => type === 'cli-stats')?.paused, true);
    const resumed = TypeSwitch.parse(JSON.parse(await done(['resume', 'cli-stats', '--json'])));
    assert.deepEqual(resumed, { success: true, type: 'cli-stats', paused: false });
  });

  test('a runner is shown with what it holds and with its stuck threads', async () => {
    const [id = ''] = await edge.submitManyReady('cli-held', 1);
    const wants = [{ types: ['cli-held'], limit: 1 }];
    const since = new Date().toISOString();
    const stuck = [{ lane: 'cpu', taskId: id, type: 'cli-held', since }];
    const about = { startedAt: since, threads: 2, ioConcurrency: 4, types: ['cli-held'], stuck };
    const order = { leaseId: crypto.randomUUID(), runner: 'runner-1', wants, about };
    assert.equal((await edge.buffer.post('/tasks/claim', order)).status, 200);
    const [table, json] = await Promise.all([done(['runners']), done(['runners', '--json'])]);
    assert.match(table, /^runner-1 .*1/m);
    assert.match(table, new RegExp(`^${id}  cli-held  .* ago$`, 'm'));
    assert.match(table, new RegExp(`^  cpu lane, since .* ago, by task ${id} of type cli-held$`, 'm'));
    assert.ok(RunnerList.parse(JSON.parse(json)).runners.some(({ name }) => name === 'runner-1'));
  });

  refuses([
    [['pause'], /^Not enough non-option arguments/m],
    [['resume', 'no such type'], /Expected letters, digits/],
  ]);
});

describe('the connection', TOGETHER, () => {
  test('an address that does not answer is named, with the flag to look at', async () => {
    const nowhere = `http://127.0.0.1:${await freePort()}`;
    const reason = `does not answer \\(ECONNREFUSED\\): check the URL \\(--api-url, API_WORKER_URL\\)$`;
    const sentence = new RegExp(`^The API Worker at ${nowhere} ${reason}`, 'm');
    await Promise.all([
      fails(['stats', '--api-url', nowhere], sentence),
      fails(['runners', '--json'], sentence, { env: { API_WORKER_URL: nowhere } }),
    ]);
  });

  test('what a server answers cannot steer the terminal', async (t) => {
    const hostile = createServer((_request, response) => {
      const answer = { success: false, code: 'invalid_request', error: 'gone\u001b[2J\u009b31m\u202e' };
      response.writeHead(404, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    });
    await once(hostile.listen(0, '127.0.0.1'), 'listening');
    t.after(() => hostile.close());
    const address = hostile.address();
    assert.ok(typeof address === 'object' && address);
    const { stdout, stderr } = await cli(['stats', '--api-url', `http://127.0.0.1:${address.port}`]);
    assert.match(stderr, /^gone\\u001b\[2J\\u009b31m\\u202e/);
    assert.doesNotMatch(`${stdout}${stderr}`, /(?!\n)[\p{Cc}\u202e]/u);
  });

  test('the help tells commands and exit codes, and a shell can complete them', async () => {
    const shell = { env: { SHELL: '/bin/bash' }, input: '' };
    const [help, completion, words] = await Promise.all([
      done(['--help'], { input: '' }),
      done(['completion'], shell),
      done(['--get-yargs-completions', 'runner', 'st'], shell),
    ]);
    assert.match(
      help,
      /Exit codes: 0 success; 1 an error.*; 2 the task .*\n.*; 3 the task did not end in time/,
    );
    const commands = ['submit', 'status', 'watch', 'list', 'cancel', 'retry', 'stats', 'runners', 'pause'];
    for (const command of [...commands, 'resume', 'completion']) {
      assert.match(help, new RegExp(`^ +runner ${command} `, 'm'));
    }
    assert.match(completion, /complete .*runner/);
    for (const word of ['submit', 'status', 'init']) assert.ok(words.split('\n').includes(word), words);
  });

  test('a reader that stops reading ends the command without a word', async () => {
    const tasks = Array.from({ length: 1000 }, () => ({ type: 'cli-pipe', delaySeconds: 600 }));
    await edge.api.read('/tasks/batch', BatchSubmitted, { tasks });
    await waitFor('the tasks', async () => {
      const { count } = await edge.api.read('/tasks?type=cli-pipe&limit=1000', TaskList);
      return count === 1000 ? true : undefined;
    });
    const onOutput: CliOptions['onOutput'] = (child) => child.stdout?.destroy();
    const { ended, stderr } = await cli(['list', '--type', 'cli-pipe', '--all', '--json'], { onOutput });
    assert.deepEqual([ended, stderr], [0, '']);
  });
});

test('with tokens configured, a command needs one of the clients', async () => {
  const at = { API_WORKER_URL: await guarded.listen() };
  const [id] = await Promise.all([
    done(['submit', 'cli-token', '--token', TOKENS.client], { env: at }),
    done(['stats'], { env: { ...at, API_TOKEN: TOKENS.client } }),
    fails(['stats'], /^Expected the header .*, got none: check the token.* \(--token, API_TOKEN\)$/m, {
      env: at,
    }),
    fails(
      ['list', '--token', 'wrong'],
      /^This token is not valid: check the token.* \(--token, API_TOKEN\)$/m,
      { env: at },
    ),
    fails(['submit', 'a'], /takes a token of API_TOKENS: check the/, {
      env: { ...at, API_TOKEN: TOKENS.runner },
    }),
  ]);
  assert.match(id, ID);
});
