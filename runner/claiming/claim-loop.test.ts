import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { settlesWithin, waitFor } from '../../edge/testing/wait-for.ts';
import { prepareRunner } from '../testing/start-runner.ts';

const FOR_EVER_MS = 3_600_000;

test('the first claim asks for the free slots of each lane with the lane’s types', async (t) => {
  const { edge, run } = await prepareRunner(t, { threads: 2, ioConcurrency: 4, leaseSeconds: 17 });
  void run();
  await waitFor('a claim', () => edge.claims.length > 0);
  const [claim] = edge.claims;
  assert.deepEqual(claim?.wants, [
    { types: ['cpu-fixture'], limit: 2, starts: 2 },
    { types: ['io-fixture'], limit: 4, starts: 4 },
  ]);
  assert.equal(claim?.leaseSeconds, 17);
  assert.match(claim?.runner ?? '', new RegExp(`-${process.pid}$`));
});

test('the first claim describes the runner until it is answered; the next ones do not', async (t) => {
  const { edge, run } = await prepareRunner(t, { threads: 2, ioConcurrency: 4, leaseSeconds: 1 });
  const before = Date.now();
  // Longer than the time for which a claim is retried under its lease id.
  edge.failAlways('/tasks/claim', { status: 503 });
  void run();
  const leases = () => new Set(edge.claims.map(({ leaseId }) => leaseId)).size;
  await waitFor('a claim that is given up, and another', () => leases() === 2);
  edge.recover();
  await waitFor('an answer', () => edge.callsTo('/tasks/claim').some(({ answered }) => answered));
  const told = edge.claims.length;
  await waitFor('two more claims', () => edge.claims.length === told + 2);
  const [about] = edge.claims.map((claim) => claim.about);
  assert.partialDeepStrictEqual(about, {
    threads: 2,
    ioConcurrency: 4,
    types: ['cpu-fixture', 'io-fixture'],
  });
  assert.ok(Math.abs(Date.parse(about?.startedAt ?? '') - before) < 10_000);
  assert.deepEqual(
    edge.claims.map((claim) => claim.about),
    [...Array(told).fill(about), undefined, undefined],
  );
});

test('the first claim after each opening of the wake socket describes the runner', async (t) => {
  const { edge, run } = await prepareRunner(t);
  edge.acceptWakes();
  void run();
  const told = () => edge.claims.filter(({ about }) => about !== undefined).length;
  await waitFor('the start and the socket', () => told() === 2);
  const claims = edge.claims.length;
  await waitFor('claims', () => edge.claims.length >= claims + 2);
  assert.equal(told(), 2);
  for (const socket of edge.wakeSockets) socket.terminate();
  await waitFor('the socket again', () => told() === 3);
});

test('only one claim is in flight at a time, and each has a separate lease id', async (t) => {
  const { edge, run, addMany, settled } = await prepareRunner(t);
  addMany(150, { do: 'return', value: 1 });
  addMany(50, { do: 'sleep', ms: 5 }, { lane: 'io' });
  void run();
  await settled();
  assert.equal(edge.mostAtOnce('/tasks/claim'), 1);
  const leaseIds = edge.claims.map(({ leaseId }) => leaseId);
  assert.equal(new Set(leaseIds).size, leaseIds.length);
});

test('a claim whose answer was lost is retried under its lease id, and its tasks run once', async (t) => {
  const { edge, ledger, run, addMany, started, settled, counted } = await prepareRunner(t);
  const ids = [
    ...addMany(2, { do: 'sleep', ms: 50 }),
    ...addMany(3, { do: 'sleep', ms: 50 }, { lane: 'io' }),
  ];
  edge.fail(
    '/tasks/claim',
    { drop: 'after' },
    { drop: 'after' },
    { status: 500 },
    { status: 200, body: '?' },
  );
  void run();
  await settled();
  const [first, second, third, fourth, fifth] = edge.claims;
  for (const repeat of [second, third, fourth, fifth]) assert.deepEqual(repeat, first);
  assert.deepEqual(started.toSorted(), ids.toSorted());
  assert.ok(ids.every((id) => ledger.attemptOf(id) === 1));
  assert.equal(counted('lost'), 0);
});

test('tasks that arrive after an outage longer than the lease run, and no attempt is lost', async (t) => {
  const { edge, ledger, run, add, settled, counted } = await prepareRunner(t, { leaseSeconds: 1 });
  edge.failAlways('/tasks/claim', { status: 503 });
  const id = add({ do: 'sleep', ms: 700 });
  void run();
  await sleep(1500);
  edge.recover();
  await settled();
  assert.equal(counted('lost'), 0);
  assert.equal(ledger.attemptOf(id), 1);
});

test('if no task is ready, no claim is sent before the poll interval', async (t) => {
  const { edge, run, counted } = await prepareRunner(t, { pollIntervalMs: 300 });
  void run();
  await waitFor('three claims', () => edge.claims.length === 3);
  const [first = 0, second = 0, third = 0] = edge.callsTo('/tasks/claim').map((call) => call.at);
  for (const wait of [second - first, third - second]) assert.ok(wait >= 290 && wait < 900, `${wait} ms`);
  assert.ok(counted('idle') >= 2);
});

test('a dry lane asks again as soon as it frees a slot, and only that lane asks', async (t) => {
  const { edge, run, add, settled } = await prepareRunner(t, { pollIntervalMs: FOR_EVER_MS });
  add({ do: 'sleep', ms: 100 });
  void run();
  await settled();
  await waitFor('another claim', () => edge.claims.length > 1);
  await sleep(300);
  assert.equal(edge.claims.length, 2);
  assert.deepEqual(
    edge.claims[1]?.wants.map(({ types }) => types),
    [['cpu-fixture']],
  );
});

test('a task that becomes ready later is found at the poll interval', async (t) => {
  const { edge, run, add, settled } = await prepareRunner(t, { pollIntervalMs: 100 });
  void run();
  await waitFor('a claim', () => edge.claims.length > 0);
  add({ do: 'return' });
  add({ do: 'return' }, { lane: 'io' });
  await settled();
});

test('a busy lane does not keep the other lane from asking', async (t) => {
  const { edge, run, addMany, add, isRunning } = await prepareRunner(t, { pollIntervalMs: 100 });
  const busy = addMany(2, { do: 'spin', ms: 2000 });
  void run();
  await isRunning(...busy);
  const quick = add({ do: 'return' }, { lane: 'io' });
  await waitFor('the other lane', () => edge.ledger.stateOf(quick) === 'completed', 1500);
});

test('with once, a runner ends when no task is ready, at once if there are no tasks at all', async (t) => {
  const { edge, run, counted } = await prepareRunner(t, { once: true, pollIntervalMs: FOR_EVER_MS });
  assert.equal(await settlesWithin(run(), 20_000), true);
  assert.equal(edge.claims.length, 1);
  assert.deepEqual([counted('idle'), counted('drained')], [0, 1]);
});

test('with once, a runner runs all ready tasks, including retries, before it ends', async (t) => {
  const { ledger, run, addMany, add } = await prepareRunner(t, { once: true, pollIntervalMs: FOR_EVER_MS });
  addMany(30, { do: 'return', value: 1 });
  addMany(20, { do: 'sleep', ms: 20 }, { lane: 'io' });
  const failing = add({ do: 'throw' });
  assert.equal(await settlesWithin(run(), 20_000), true);
  assert.ok(ledger.allSettled);
  assert.equal(ledger.attemptOf(failing), 3);
  assert.equal(ledger.stateOf(failing), 'failed');
});

test('with once, a runner also runs work that appears on the other lane while a task runs', async (t) => {
  const { ledger, run, add, isRunning } = await prepareRunner(t, { once: true, pollIntervalMs: FOR_EVER_MS });
  const first = add({ do: 'sleep', ms: 400 });
  const ended = run();
  await isRunning(first);
  const late = add({ do: 'return' }, { lane: 'io' });
  assert.equal(await settlesWithin(ended, 10_000), true);
  assert.equal(ledger.stateOf(late), 'completed');
});

test('a claim follows a wake or the opening of the wake socket at once', async (t) => {
  const { edge, run, add, settled, counted } = await prepareRunner(t, { pollIntervalMs: FOR_EVER_MS });
  edge.acceptWakes();
  void run();
  await waitFor(
    'the socket, and a claim after it',
    () => edge.wakeSockets.length === 1 && counted('idle') > 0,
  );
  await sleep(100);
  const claims = edge.claims.length;
  await sleep(200);
  assert.equal(edge.claims.length, claims, 'nothing is asked without a wake');
  add({ do: 'return', value: 1 });
  edge.wake();
  await settled();
});

test('a wake that arrives before the answer to a claim causes another claim', async (t) => {
  const { edge, run, add, settled } = await prepareRunner(t, { pollIntervalMs: FOR_EVER_MS });
  edge.acceptWakes();
  const answered = Promise.withResolvers<void>();
  void run();
  await waitFor('the socket', () => edge.wakeSockets.length === 1);
  await sleep(200);
  edge.fail('/tasks/claim', { hold: answered.promise });
  const claims = edge.claims.length;
  edge.wake();
  await waitFor('the claim', () => edge.claims.length === claims + 1);
  add({ do: 'return', value: 1 });
  edge.wake();
  await sleep(100);
  answered.resolve();
  await settled();
});

test('while the edge wakes the runner, a dry lane that frees a slot does not ask', async (t) => {
  const { edge, run, addMany, settled } = await prepareRunner(t, { pollIntervalMs: FOR_EVER_MS });
  edge.acceptWakes();
  void run();
  await waitFor('the socket', () => edge.wakeSockets.length === 1);
  await sleep(200);
  const claims = edge.claims.length;
  addMany(3, { do: 'sleep', ms: 100 }, { lane: 'io' });
  edge.wake();
  await settled();
  await sleep(300);
  assert.equal(edge.claims.length, claims + 1);
});

test('the claims of a lane with a backlog do not ask for a dry lane', async (t) => {
  const { edge, run, addMany, add, settled } = await prepareRunner(t, { pollIntervalMs: FOR_EVER_MS });
  edge.acceptWakes();
  addMany(40, { do: 'sleep', ms: 100 });
  void run();
  await settled();
  const lanes = edge.claims.map(({ wants }) => wants.flatMap(({ types }) => types));
  const withBacklog = lanes.filter((types) => types.includes('cpu-fixture'));
  assert.deepEqual(withBacklog.shift(), ['cpu-fixture', 'io-fixture']);
  assert.ok(withBacklog.length > 0);
  for (const types of withBacklog) assert.deepEqual(types, ['cpu-fixture']);
  const late = add({ do: 'return' }, { lane: 'io' });
  edge.wake();
  await waitFor('the task of the idle lane', () => edge.ledger.stateOf(late) === 'completed');
});

test('no claim is sent before the pause in the last answer ends', async (t) => {
  const { edge, run, add, settled } = await prepareRunner(t, { pollIntervalMs: 50 });
  edge.acceptWakes();
  edge.spaceMs = 600;
  void run();
  await waitFor('the first claim', () => edge.claims.length === 1);
  edge.spaceMs = undefined;
  add({ do: 'return' });
  edge.wake();
  await settled();
  const [first = 0, second = 0] = edge.callsTo('/tasks/claim').map(({ at }) => at);
  assert.ok(second - first >= 590, `${second - first} ms`);
});

test('the lease of an abandoned claim is released, and the next claims ask for half as many tasks', async (t) => {
  const { edge, ledger, run, addMany, settled } = await prepareRunner(t, {
    ioConcurrency: 8,
    leaseSeconds: 1,
  });
  const ids = addMany(8, { do: 'return' }, { lane: 'io' });
  edge.fail(
    '/tasks/claim',
    { hold: sleep(60_000, undefined, { ref: false }) },
    { hold: sleep(60_000, undefined, { ref: false }) },
  );
  void run();
  await settled();
  const [first, second] = edge.claims;
  const limits = edge.claims.map(({ wants }) => wants.find(({ types }) => types[0] === 'io-fixture')?.limit);
  assert.deepEqual(limits.slice(0, 3), [8, 4, 2]);
  const released = edge.releases.filter(({ taskIds }) => !taskIds).map(({ leaseId }) => leaseId);
  assert.deepEqual(released, [first?.leaseId, second?.leaseId]);
  assert.ok(ids.every((id) => ledger.attemptOf(id) === 1));
  await waitFor(
    'a claim of full size',
    () => edge.claims.at(-1)?.wants.some(({ limit }) => limit === 8) === true,
  );
});
