import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '../edge/testing/wait-for.ts';
import { MAX_READ_AHEAD } from './claiming/read-ahead.ts';
import { prepareRunner } from './testing/start-runner.ts';

test('a task passes through the runner event by event, and its result reaches the edge', async (t) => {
  const { ledger, run, add, seen, unanswered } = await prepareRunner(t, { once: true });
  const id = add({ do: 'return', value: { n: 1 } });
  await run();
  const before: string[] = [
    'configured',
    'connecting',
    'connected',
    'connected',
    'ready',
    'polling',
    'claimed',
  ];
  const expected = [...before, 'started', 'completed', 'reported'];
  assert.deepEqual(
    seen.filter((name, index) => name !== 'polling' || index < before.length).slice(0, expected.length),
    expected,
  );
  assert.equal(seen.at(-1), 'drained');
  assert.equal(unanswered(), 0);
  assert.deepEqual(ledger.settled.get(id)?.result, { n: 1 });
});

test('failures are reported and retried, permanent failures run once', async (t) => {
  const { ledger, run, add, counted } = await prepareRunner(t, { once: true });
  const [retried, final] = [add({ do: 'throw' }, { maxAttempts: 2 }), add({ do: 'throw for good' })];
  const wrong = add({ do: 'return', ms: Number.NaN }, { lane: 'io' });
  await run();
  const attempts = [retried, final, wrong].map((id) => ledger.attemptOf(id));
  assert.deepEqual(attempts, [2, 1, 1]);
  assert.equal(ledger.settled.get(final)?.error?.message, 'no attempt can help');
  assert.equal(ledger.settled.get(wrong)?.error?.code, 'invalid_payload');
  assert.deepEqual([counted('failed'), counted('completed')], [4, 0]);
});

test('a runner renews leases while every thread is busy, so long tasks keep their attempt', async (t) => {
  const { edge, ledger, run, addMany, settled, counted } = await prepareRunner(t, { leaseSeconds: 1 });
  const ids = [
    ...addMany(2, { do: 'spin', ms: 2200 }),
    ...addMany(2, { do: 'spin', ms: 1100 }, { lane: 'io' }),
  ];
  void run();
  await settled();
  assert.ok(edge.heartbeats.length >= 5);
  assert.equal(counted('lost'), 0);
  assert.ok(ids.every((id) => ledger.attemptOf(id) === 1));
});

test('progress that the edge would refuse does not cost another task its lease', async (t) => {
  const { ledger, run, add, counted } = await prepareRunner(t, { leaseSeconds: 1 });
  const neighbour = add({ do: 'sleep', ms: 2000 });
  add({ do: 'say large progress', ms: 2000 }, { lane: 'io', maxAttempts: 1 });
  add({ do: 'say odd progress', ms: 2000 }, { lane: 'io', maxAttempts: 1 });
  void run();
  await waitFor('the neighbour', () => ledger.settled.has(neighbour));
  assert.equal(counted('lost'), 0);
  assert.equal(ledger.attemptOf(neighbour), 1);
});

test('a task that the edge takes back is aborted, and its slot runs the next task', async (t) => {
  const { ledger, run, add, isRunning, settled, counted } = await prepareRunner(t, {
    leaseSeconds: 1,
    threads: 1,
  });
  const id = add({ do: 'sleep', ms: 1000 });
  void run();
  await isRunning(id);
  ledger.takeBack(id);
  await waitFor('the loss', () => counted('lost') === 1);
  await settled();
  assert.equal(ledger.attemptOf(id), 2);
  assert.equal(ledger.stateOf(id), 'completed');
});

test('an error whose message is not a string does not block the reports of other results', async (t) => {
  const { ledger, run, add, isRunning } = await prepareRunner(t);
  add({ do: 'throw an odd error', value: { reason: 'an object' } }, { maxAttempts: 1 });
  const other = add({ do: 'sleep', ms: 200 });
  void run();
  await isRunning(other);
  await waitFor('the other', () => ledger.settled.has(other), 4000);
});

test('if a shared thread is ended for one task, its neighbours run again with the same attempt', async (t) => {
  const { ledger, run, add, isRunning, settled, counted } = await prepareRunner(t);
  const neighbour = add({ do: 'sleep', ms: 1500 }, { lane: 'io' });
  void run();
  await isRunning(neighbour);
  const stubborn = add({ do: 'spin', ms: 60_000 }, { lane: 'io', timeoutSeconds: 0.1, maxAttempts: 1 });
  await settled();
  assert.equal(ledger.settled.get(stubborn)?.error?.code, 'timeout');
  assert.deepEqual([ledger.stateOf(neighbour), ledger.attemptOf(neighbour)], ['completed', 1]);
  assert.equal(counted('released'), 1);
});

test('a runner keeps results and reports them again until the edge answers', async (t) => {
  const { edge, ledger, run, addMany, settled, runner, counted } = await prepareRunner(t);
  const ids = addMany(20, { do: 'return', value: 1 });
  edge.fail('/tasks/complete', { drop: 'before' }, { drop: 'after' }, { status: 500 });
  void run();
  await settled();
  assert.ok(ids.every((id) => ledger.attemptOf(id) === 1));
  assert.ok(counted('retrying') >= 3);
  await waitFor('all to be acknowledged', () => runner.held === 0);
});

test('with 20,000 waiting tasks the runner holds only its slots and read-ahead, and memory stays flat', async (t) => {
  const { ledger, run, runner, addMany, counted } = await prepareRunner(t, { threads: 2, ioConcurrency: 8 });
  addMany(10_000, { do: 'sleep', ms: 10 });
  addMany(10_000, { do: 'sleep', ms: 40 }, { lane: 'io' });
  const slots = 10;
  void run();
  await waitFor('the first results', () => ledger.settled.size > 50);
  const rssBefore = process.memoryUsage().rss;
  let most = 0;
  const until = performance.now() + 2000;
  while (performance.now() < until) {
    most = Math.max(most, runner.held);
    await sleep(2);
  }
  const grown = (process.memoryUsage().rss - rssBefore) / 1024 / 1024;
  t.diagnostic(`held ${most} at most, memory grew by ${grown.toFixed(1)} MB`);
  assert.ok(ledger.waiting > 15_000, 'the work ran out');
  assert.ok(ledger.settled.size > 200);
  assert.equal(counted('lost'), 0);
  // Each lane ends 200 tasks a second, and holds what ends within two refills of a little over a second.
  assert.ok(most <= slots + 1200, `held ${most}`);
  assert.ok(most <= slots + 2 * MAX_READ_AHEAD);
  assert.ok(grown < 150, `memory grew by ${grown} MB`);
});
