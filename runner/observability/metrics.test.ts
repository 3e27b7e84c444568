import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitFor } from '../../edge/testing/wait-for.ts';
import { heldTask } from '../testing/held-tasks.ts';
import { measuredRunner } from '../testing/measured-runner.ts';

test('successful, failed and lost attempts are counted and timed by type', async (t) => {
  const { ledger, run, runner, add, addMany, isRunning, settled, scrape, counted } = await measuredRunner(t, {
    leaseSeconds: 1,
    threads: 1,
  });
  const before = await scrape();
  assert.equal(before.value('task_runner_tasks_lost_total{type="cpu-fixture"}'), 0);

  const lost = add({ do: 'sleep', ms: 1000 });
  void run();
  await isRunning(lost);
  ledger.takeBack(lost);
  await waitFor('the loss', () => counted('lost') === 1);
  addMany(3, { do: 'sleep', ms: 30 });
  add({ do: 'return' }, { lane: 'io' });
  add({ do: 'throw for good' });
  await settled();
  await waitFor('all to be acknowledged', () => runner.held === 0);

  const { value } = await scrape();
  const values = Object.fromEntries(EXPECTED.map(([sample]) => [sample, value(sample)]));
  assert.deepEqual(values, Object.fromEntries(EXPECTED));
  const slept = value('task_runner_task_duration_seconds_sum{type="cpu-fixture"}') ?? 0;
  assert.ok(slept >= 0.9 + 3 * 0.03, `${slept} s`);
  for (const call of ['health', 'claim', 'heartbeat', 'report']) {
    assert.ok((value(`task_runner_call_duration_seconds_count{call="${call}"}`) ?? 0) > 0, call);
  }
});

/** The lost task was claimed twice, and only its second attempt has ended here. */
const EXPECTED: [sample: string, value: number][] = [
  ['task_runner_tasks_claimed_total{type="cpu-fixture"}', 6],
  ['task_runner_tasks_claimed_total{type="io-fixture"}', 1],
  ['task_runner_tasks_completed_total{type="cpu-fixture"}', 4],
  ['task_runner_tasks_completed_total{type="io-fixture"}', 1],
  ['task_runner_tasks_failed_total{type="cpu-fixture",code="task_error"}', 1],
  ['task_runner_tasks_lost_total{type="cpu-fixture"}', 1],
  ['task_runner_tasks_lost_total{type="io-fixture"}', 0],
  ['task_runner_results_reported_total{status="completed"}', 5],
  ['task_runner_results_reported_total{status="failed"}', 1],
  ['task_runner_results_reported_total{status="stale"}', 0],
  ['task_runner_task_wait_seconds_count{type="cpu-fixture"}', 5],
  ['task_runner_task_wait_seconds_count{type="io-fixture"}', 1],
  ['task_runner_task_duration_seconds_count{type="cpu-fixture"}', 5],
  ['task_runner_task_duration_seconds_bucket{le="0.025",type="cpu-fixture"}', 1],
  ['task_runner_calls_retried_total{call="claim"}', 0],
];

test('a value that cannot be measured is skipped and causes no error', async (t) => {
  const { runner, scrape } = await measuredRunner(t);
  const { task, ...rest } = heldTask({ do: 'return' });
  const held = { ...rest, task: { ...task, receivedAt: 'no time' } };
  runner.events.emit('started', held);
  for (const ranMs of [Number.POSITIVE_INFINITY, Number.NaN]) {
    runner.events.emit('completed', { held, ranMs });
    runner.events.emit('failed', { held, error: { code: 'task_error', message: 'It broke' }, ranMs });
  }
  const { value } = await scrape();
  assert.equal(value('task_runner_tasks_completed_total{type="cpu-fixture"}'), 2);
  assert.equal(value('task_runner_task_duration_seconds_count{type="cpu-fixture"}'), undefined);
});

test('a task that replaces the clock of its thread does not change its measured time', async (t) => {
  const { run, add, settled, scrape } = await measuredRunner(t, { threads: 1 });
  add({ do: 'attack', value: 'replace the clock' });
  void run();
  await settled();
  const { value } = await scrape();
  assert.equal(value('task_runner_task_duration_seconds_count{type="cpu-fixture"}'), 1);
  const seconds = value('task_runner_task_duration_seconds_sum{type="cpu-fixture"}') ?? 0;
  assert.ok(seconds < 10, `${seconds} s`);
});

test('the wait starts when the ledger received the task, even if this machine’s clock differs', async (t) => {
  const { run, add, settled, scrape } = await measuredRunner(t);
  const [receivedAt, claimedAt] = ['2001-01-01T00:00:00.000Z', '2001-01-01T00:00:07.000Z'];
  add({ do: 'return' }, { receivedAt, claimedAt });
  void run();
  await settled();
  const { value } = await scrape();
  const waited = value('task_runner_task_wait_seconds_sum{type="cpu-fixture"}') ?? 0;
  assert.ok(waited >= 7 && waited < 20, `${waited} s`);
});

test('each lane shows its slots and the states of its tasks, and retried calls are counted', async (t) => {
  const { edge, run, runner, add, isRunning, scrape } = await measuredRunner(t);
  edge.failAlways('/tasks/complete', { status: 503 });
  const running = add({ do: 'sleep', ms: 60_000 });
  add({ do: 'return' });
  void run();
  await isRunning(running);
  const repeatedReports = async () =>
    (await scrape()).value('task_runner_calls_retried_total{call="report"}') ?? 0;
  await waitFor('a report that is repeated', async () => (await repeatedReports()) >= 1);
  const { value } = await scrape();
  const lane = (name: string) =>
    ['slots', 'tasks_held'].map((gauge) => value(`task_runner_${gauge}{lane="${name}"}`));
  assert.deepEqual(
    [lane('cpu'), lane('io')],
    [
      [2, 2],
      [4, 0],
    ],
  );
  const states = ['waiting', 'running', 'unreported'].map((state) =>
    value(`task_runner_tasks{lane="cpu",state="${state}"}`),
  );
  assert.deepEqual(states, [0, 1, 1]);
  assert.equal(value(`task_runner_info{runner="${runner.name}"}`), 1);
});

test('tasks given back are counted, even while the runner stops', async (t) => {
  const { edge, run, runner, add, scrape } = await measuredRunner(t);
  add({ do: 'sleep', ms: 60_000 });
  const answered = Promise.withResolvers<void>();
  edge.fail('/tasks/claim', { hold: answered.promise });
  const ended = run();
  await waitFor('the claim', () => edge.claims.length === 1);
  runner.stop();
  answered.resolve();
  await ended;
  const { value } = await scrape();
  assert.equal(value('task_runner_tasks_released_total{type="cpu-fixture"}'), 1);
  assert.equal(value('task_runner_tasks_held{lane="cpu"}'), 0);
});

test('names and units follow Prometheus, and the process metrics appear once', async (t) => {
  const { scrape } = await measuredRunner(t);
  const { families, value } = await scrape();
  for (const [name, { type, help }] of families) {
    assert.match(name, /^(task_runner|process|nodejs)_/);
    assert.doesNotMatch(name, /_(ms|millis\w*|kb|mb|percent)(_|$)/);
    if (name.startsWith('task_runner_')) assert.equal(name.endsWith('_total'), type === 'counter', name);
    assert.notEqual(help, '', name);
  }
  for (const name of [
    'process_cpu_seconds_total',
    'process_resident_memory_bytes',
    'nodejs_heap_size_used_bytes',
  ]) {
    assert.ok((value(name) ?? 0) > 0, name);
  }
  assert.deepEqual(
    [...families.keys()].filter((name) => /event_?loop/.test(name)),
    ['task_runner_event_loop_delay_seconds'],
  );
  for (const quantile of ['0.5', '0.9', '0.99', '1']) {
    assert.ok((value(`task_runner_event_loop_delay_seconds{quantile="${quantile}"}`) ?? -1) >= 0);
  }
});
