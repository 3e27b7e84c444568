import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitFor } from '../edge/testing/wait-for.ts';
import { listSettings } from './options.ts';
import { FakeEdge } from './testing/fake-edge.ts';
import { flagsFor, startCli } from './testing/start-cli.ts';

test('the help lists every flag with its variable', async (t) => {
  const cli = startCli(t, ['--help']);
  assert.equal(await cli.ended, 0);
  const help = cli.stdout().replace(/\s+/g, ' ');
  for (const { flag, env, description } of listSettings()) {
    assert.ok(help.includes(`--${flag} ${description} [${env}]`), `--${flag} in:\n${cli.stdout()}`);
  }
  assert.match(help, /--poll-interval .*\[default: 5000\]/);
});

for (const [args, sentence] of [
  [['--thread', '2'], /Unknown argument: thread/],
  [['--threads', 'many'], /^--threads \(THREADS\): Expected a whole number.*, got "many"$/m],
  [
    ['--built-in', 'none'],
    /^This runner has no task types: set a folder .* --tasks .* --built-in \(BUILT_IN\)$/m,
  ],
  [['--tasks', 'runner/absent'], /The tasks folder \/.*runner\/absent cannot be read/],
] as const) {
  test(`${args.join(' ')} exits with 1 and a sentence`, async (t) => {
    const cli = startCli(t, args);
    assert.equal(await cli.ended, 1);
    assert.match(cli.stderr(), sentence);
    assert.doesNotMatch(cli.stderr(), /^\s+at /m, 'a stack trace helps nobody here');
    assert.equal(cli.stdout(), '');
  });
}

test('a wrong variable exits with 1 and a sentence', async (t) => {
  const cli = startCli(t, [], { LOG_LEVEL: 'loud' });
  assert.equal(await cli.ended, 1);
  assert.match(cli.stderr(), /^--log-level \(LOG_LEVEL\): Expected debug, .*, got "loud"$/m);
});

test('with --once a runner runs the ready tasks, logs them, and exits with 0', async (t) => {
  const edge = await FakeEdge.start(t);
  const id = edge.ledger.add('test', { durationMs: 50 });
  const env = { QUEUE_WORKER_URL: edge.queueUrl, API_WORKER_URL: edge.apiUrl, THREADS: '1' };
  const cli = startCli(t, ['--once'], env);
  assert.equal(await cli.ended, 0);
  assert.equal(cli.stderr(), '');
  assert.deepEqual(edge.ledger.settled.get(id)?.result, { durationMs: 50, attempt: 1 });
  let from = 0;
  for (const line of [
    'Consumer initialized with configuration: {',
    'Testing connections...',
    '✅ Queue worker connection OK: {"status":"healthy"',
    '✅ API worker connection OK: {"status":"healthy"',
    '📡 Task Consumer started successfully',
    '🔄 Polling every 5000ms',
    'Press Ctrl+C to stop',
    'Polling for ready tasks...',
    'Found 1 ready task(s)',
    '📨 Processing 1 task(s)',
    `Claiming task: ${id}`,
    `Task ${id} claimed successfully`,
    '🔄 Processing Task: {',
    `Processing task ${id}...`,
    'Simulating test work for 50ms...',
    '📝 Completion reported to API: {',
    `🗑️ Task ${id} removed from queue buffer`,
    `✅ Task ${id} completed successfully`,
  ]) {
    const at = cli.stdout().indexOf(`] [INFO] ${line}`, from);
    assert.notEqual(at, -1, `"${line}" is missing or out of order in:\n${cli.stdout()}`);
    from = at;
  }
});

test('at SIGTERM a runner lets running tasks end, reports them, and exits with 0', async (t) => {
  const edge = await FakeEdge.start(t);
  const id = edge.ledger.add('cpu-fixture', { do: 'sleep', ms: 1000 });
  const cli = startCli(t, flagsFor(edge));
  await cli.says(`Processing task ${id}`);
  cli.process.kill('SIGTERM');
  assert.equal(await cli.ended, 0);
  assert.equal(edge.ledger.stateOf(id), 'completed');
  assert.match(cli.stdout(), /Stopping: 1 task\(s\) get 30 s to end/);
  assert.match(cli.stdout(), /Task Consumer stopped\n$/);
});

test('at a second SIGINT a runner ends at once and gives the task back', async (t) => {
  const edge = await FakeEdge.start(t);
  const id = edge.ledger.add('cpu-fixture', { do: 'spin', ms: 60_000 });
  const cli = startCli(t, flagsFor(edge));
  await cli.says(`Processing task ${id}`);
  cli.process.kill('SIGINT');
  await cli.says('press Ctrl+C again to end them now');
  const pressedAt = performance.now();
  cli.process.kill('SIGINT');
  assert.equal(await cli.ended, 0);
  assert.ok(performance.now() - pressedAt < 3000);
  assert.deepEqual([edge.ledger.stateOf(id), edge.ledger.attemptOf(id)], ['ready', 1]);
});

test('if the edge cannot be reached, a runner names the worker, retries, and exits with 0 at SIGTERM', async (t) => {
  const edge = await FakeEdge.start(t);
  edge.failAlways('/health', { drop: 'before' });
  const cli = startCli(t, flagsFor(edge));
  const sentence = `The Consumer Worker at ${edge.queueUrl} does not answer`;
  await cli.says(sentence);
  await waitFor('more tries', () => cli.stdout().split(sentence).length > 2);
  assert.match(cli.stdout(), /check --queue-url \(QUEUE_WORKER_URL\); trying again/);
  cli.process.kill('SIGTERM');
  assert.equal(await cli.ended, 0);
});

test('a runner whose worker redirects stops with the address and the setting to correct', async (t) => {
  const edge = await FakeEdge.start(t);
  edge.failAlways('/health', { status: 308, location: 'https://elsewhere.example/health' });
  const cli = startCli(t, flagsFor(edge));
  assert.equal(await cli.ended, 1);
  assert.match(
    cli.stderr(),
    /a redirect to https:\/\/elsewhere\.example, and .*: correct --queue-url \(QUEUE_WORKER_URL\)\n$/,
  );
  assert.doesNotMatch(cli.stdout(), /trying again/);
});

test('a runner continues when the edge answers again', async (t) => {
  const edge = await FakeEdge.start(t);
  edge.failAlways('/health', { status: 503 });
  const id = edge.ledger.add('io-fixture', { do: 'return', value: 1 });
  const cli = startCli(t, [...flagsFor(edge), '--once', '--log-format', 'json']);
  await cli.says('trying again');
  edge.recover();
  assert.equal(await cli.ended, 0);
  assert.equal(edge.ledger.stateOf(id), 'completed');
  const lines = cli
    .stdout()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.ok(lines.some((line) => line.taskId === id && /completed successfully/.test(line.msg)));
});

test('a closing terminal requests one stop, even with several SIGHUPs, so running tasks may end', async (t) => {
  const edge = await FakeEdge.start(t);
  const id = edge.ledger.add('cpu-fixture', { do: 'sleep', ms: 1500 });
  const cli = startCli(t, flagsFor(edge));
  await cli.says(`Processing task ${id}`);
  cli.process.kill('SIGHUP');
  await cli.says('Stopping: 1 task(s)');
  cli.process.kill('SIGHUP');
  assert.equal(await cli.ended, 0);
  assert.equal(edge.ledger.stateOf(id), 'completed');
});
