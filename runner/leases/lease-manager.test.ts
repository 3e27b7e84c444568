import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { settlesWithin, waitFor } from '../../edge/testing/wait-for.ts';
import { EdgeClient } from '../connection/edge-client.ts';
import { createBus } from '../events.ts';
import type { HeldTask } from '../held-task.ts';
import { FakeEdge } from '../testing/fake-edge.ts';
import { heldTask, newTaskId } from '../testing/held-tasks.ts';
import { LeaseManager } from './lease-manager.ts';

/** A leases whose leases are real ones of the edge's ledger. */
async function openBook(t: TestContext, leaseSeconds = 0.9) {
  const edge = await FakeEdge.start(t);
  const events = createBus();
  const lost: string[] = [];
  const retries: string[] = [];
  events.on('retrying', ({ message }) => void retries.push(message));
  const onLost = ({ task }: HeldTask) => void lost.push(task.taskId);
  const cancelled: string[] = [];
  const onCancelled = ({ task }: HeldTask) => void cancelled.push(task.taskId);
  const giveUp = new AbortController();
  const leases = new LeaseManager({
    client: new EdgeClient(edge),
    events,
    leaseSeconds,
    signal: giveUp.signal,
    onLost,
    onCancelled,
  });
  leases.start();
  t.after(() => {
    giveUp.abort();
    leases.stop();
  });

  /** Claims tasks under one lease and opens it in the leases. */
  const claim = (count: number, requestedAt = performance.now()): HeldTask[] => {
    const leaseId = randomUUID();
    for (let i = 0; i < count; i += 1) edge.ledger.add('cpu-fixture', {});
    const wants = [{ types: ['cpu-fixture'], limit: 1000 }];
    const { tasks } = edge.ledger.claim({ leaseId, runner: 'test', wants });
    const held = tasks.map(({ taskId }) => heldTask({ do: 'return' }, { taskId, leaseId }));
    leases.open(leaseId, held, requestedAt);
    return held;
  };
  const beats = (count: number) => waitFor(`${count} heartbeats`, () => answered(edge) >= count);
  return { edge, events, leases, giveUp, lost, cancelled, retries, claim, beats };
}

const answered = (edge: FakeEdge) => edge.callsTo('/tasks/heartbeat').filter((call) => call.answered).length;
const ids = (held: readonly HeldTask[]) => held.map(({ task }) => task.taskId);

test('a heartbeat goes out each third of the lease and names exactly what is held', async (t) => {
  const { edge, leases, lost, claim, beats } = await openBook(t);
  const first = claim(3);
  const second = claim(1);
  await beats(5);
  // The first arrives late: it opens the connection.
  const times = edge.callsTo('/tasks/heartbeat').map((call) => call.at);
  const apart = ((times[4] ?? 0) - (times[1] ?? 0)) / 3;
  assert.ok(apart >= 290 && apart < 550, `${apart} ms apart, a third is 300 ms`);
  for (const { leases } of edge.heartbeats) {
    assert.deepEqual(leases, [
      { leaseId: first[0]?.leaseId, holds: ids(first) },
      { leaseId: second[0]?.leaseId, holds: ids(second) },
    ]);
  }

  // What the edge has answered for is not held any more; what was reported but not acknowledged is.
  for (const held of [...first.slice(0, 2), ...second]) leases.remove(held);
  const before = answered(edge);
  await beats(before + 2);
  const last = edge.heartbeats.at(-1);
  assert.deepEqual(last?.leases, [{ leaseId: first[0]?.leaseId, holds: ids(first.slice(2)) }]);
  assert.deepEqual(lost, []);
});

test('nothing is sent while nothing is held', async (t) => {
  const { edge, leases, claim, beats } = await openBook(t, 0.3);
  const [held] = claim(1);
  await beats(1);
  if (held) leases.remove(held);
  const before = edge.calls.length;
  await sleep(200);
  assert.ok(edge.calls.length - before <= 1, 'it went on beating');
});

test('a lease of which no task can be run is not renewed for ever', async (t) => {
  const { edge, leases } = await openBook(t, 0.15);
  leases.open(randomUUID(), [], performance.now());
  await sleep(250);
  const before = edge.heartbeats.length;
  await sleep(250);
  assert.equal(edge.heartbeats.length, before);
});

test('a lease lives as long as it is renewed', async (t) => {
  const { lost, claim } = await openBook(t, 0.6);
  claim(2);
  await sleep(1500);
  assert.deepEqual(lost, []);
});

test('a task that the edge calls lost is lost once, its neighbours stay', async (t) => {
  const { edge, events, lost, claim, beats } = await openBook(t);
  const told: string[] = [];
  events.on('lost', ({ task }) => void told.push(task.taskId));
  const held = claim(3);
  const [gone = ''] = ids(held);
  edge.ledger.takeBack(gone);
  await waitFor('the loss', () => lost.length > 0);
  await beats(answered(edge) + 2);
  assert.deepEqual([lost, told], [[gone], [gone]]);
  assert.deepEqual(edge.heartbeats.at(-1)?.leases[0]?.holds, ids(held.slice(1)));
});

test('a lease that cannot be renewed is lost by the own clock, counted from when its claim was sent', async (t) => {
  const { edge, lost, retries, claim } = await openBook(t, 0.6);
  edge.failAlways('/tasks/heartbeat', { drop: 'before' });
  const claimedAt = performance.now();
  const held = claim(2, claimedAt - 300);
  await waitFor('the loss', () => lost.length > 0);
  const after = performance.now() - claimedAt;
  assert.ok(
    after >= 140 && after < 450,
    `lost after ${after} ms; 300 were left, of which 150 are kept to end in`,
  );
  assert.deepEqual(lost, ids(held));
  await waitFor('the failure of a heartbeat', () => retries.length > 0);
  assert.match(retries[0] ?? '', /does not answer/);
});

test('a lease is lost while the edge takes its time to answer', async (t) => {
  const { edge, lost, claim } = await openBook(t, 0.4);
  edge.failAlways('/tasks/heartbeat', { hold: new Promise(() => {}) });
  const claimedAt = performance.now();
  claim(1);
  await waitFor('the loss', () => lost.length === 1);
  assert.ok(performance.now() - claimedAt < 700);
});

test('a heartbeat that failed is sent again before the lease is up', async (t) => {
  const { edge, lost, retries, claim, beats } = await openBook(t, 3);
  edge.fail('/tasks/heartbeat', { status: 500 });
  claim(1);
  await beats(2);
  assert.deepEqual([lost.length, retries.length], [0, 1]);
  const [first = 0, second = 0] = edge.callsTo('/tasks/heartbeat').map((call) => call.at);
  assert.ok(second - first < 900, 'a repeat does not wait for the next third');
});

test('progress is sent once, and only the latest of each task', async (t) => {
  const { edge, events, claim, beats } = await openBook(t);
  const [one, other] = claim(2);
  assert.ok(one && other);
  for (const value of [10, 20, { percent: 30 }]) events.emit('progress', { held: one, value });
  events.emit('progress', { held: other, value: 'half' });
  events.emit('progress', { held: heldTask({ do: 'return' }), value: 'of a task that is not held' });
  await beats(3);
  const sent = edge.heartbeats.flatMap(({ leases }) => leases[0]?.progress ?? []);
  assert.deepEqual(sent, [
    { taskId: one.task.taskId, value: { percent: 30 } },
    { taskId: other.task.taskId, value: 'half' },
  ]);
});

test('progress that a failed heartbeat carried goes with the next', async (t) => {
  const { edge, events, claim, beats } = await openBook(t);
  edge.fail('/tasks/heartbeat', { drop: 'before' });
  const [held] = claim(1);
  assert.ok(held);
  events.emit('progress', { held, value: 'half' });
  await beats(2);
  assert.deepEqual(edge.heartbeats[1]?.leases[0]?.progress, [{ taskId: held.task.taskId, value: 'half' }]);
});

test('a task that was read ahead is named once it has started, until a heartbeat that named it is answered', async (t) => {
  const { edge, events, leases, claim, beats } = await openBook(t);
  edge.fail('/tasks/heartbeat', { drop: 'before' });
  const [one, ended, waiting] = claim(3);
  assert.ok(one && ended && waiting);
  for (const held of [one, ended]) events.emit('started', held);
  events.emit('started', heldTask({ do: 'return' }, { taskId: waiting.task.taskId, readAhead: false }));
  leases.remove(ended);
  await beats(3);
  assert.deepEqual(
    edge.heartbeats.slice(0, 4).map(({ leases }) => leases[0]?.started),
    [[one.task.taskId], [one.task.taskId], undefined, undefined],
  );
});

test('the lease of a claim that was given up is released by its id, which grants nothing after that', async (t) => {
  const { edge, leases } = await openBook(t);
  const leaseId = randomUUID();
  edge.fail('/tasks/release', { drop: 'before' }, { status: 503 });
  leases.abandon(leaseId);
  await leases.released();
  assert.deepEqual(edge.releases, Array(3).fill({ leaseId }));
  edge.ledger.add('cpu-fixture', {});
  const late = edge.ledger.claim({ leaseId, runner: 'test', wants: [{ types: ['cpu-fixture'], limit: 1 }] });
  assert.deepEqual(late.tasks, []);
});

test('the release of a lease ends when the lease is over', async (t) => {
  const { edge, leases } = await openBook(t, 0.3);
  edge.failAlways('/tasks/release', { status: 503 });
  leases.abandon(randomUUID());
  assert.equal(await settlesWithin(leases.released(), 5000), true);
});

test('a release that the edge refuses for good is not repeated, and its tasks are named no more', async (t) => {
  const { edge, leases, lost, claim } = await openBook(t);
  const body = JSON.stringify({ error: 'No such route', code: 'not_known_here' });
  edge.failAlways('/tasks/release', { status: 404, body });
  const held = claim(2);
  leases.release(held);
  leases.abandon(randomUUID());
  await leases.released();
  assert.equal(edge.releases.length, 2);
  assert.deepEqual([lost, leases.held], [ids(held), 0]);
});

test('more than a thousand leases go in several requests', async (t) => {
  const { edge, leases } = await openBook(t, 3);
  for (let i = 0; i < 2001; i += 1) {
    const leaseId = randomUUID();
    leases.open(leaseId, [heldTask({ do: 'return' }, { leaseId, taskId: newTaskId() })], performance.now());
  }
  await waitFor('three requests', () => answered(edge) === 3);
  assert.deepEqual(
    edge.heartbeats.map(({ leases }) => leases.length),
    [1000, 1000, 1],
  );
  const named = edge.heartbeats.flatMap(({ leases }) => leases.map(({ leaseId }) => leaseId));
  assert.equal(new Set(named).size, 2001);
});

test('a release goes out once for each lease, and what it names is not held any more', async (t) => {
  const { edge, events, leases, claim } = await openBook(t);
  const released: string[] = [];
  events.on('released', ({ task }) => void released.push(task.taskId));
  const [first, second] = [claim(3), claim(1)];
  const givenBack = [...first.slice(1), ...second];
  leases.release(givenBack);
  await leases.released();
  assert.deepEqual(
    edge.releases.map(({ taskIds }) => taskIds),
    [ids(first.slice(1)), ids(second)],
  );
  assert.deepEqual(new Set(released), new Set(ids(givenBack)));
  assert.equal(edge.ledger.stateOf(ids(second)[0] ?? ''), 'ready');
  const before = answered(edge);
  await waitFor('a heartbeat', () => answered(edge) > before);
  assert.deepEqual(
    edge.heartbeats.at(-1)?.leases.map(({ holds }) => holds),
    [ids(first.slice(0, 1))],
  );
});

test('a release is repeated until it is answered, and holds until then', async (t) => {
  const { edge, leases, retries, claim } = await openBook(t, 2);
  edge.fail('/tasks/release', { drop: 'before' }, { status: 503 }, { drop: 'after' });
  const held = claim(2);
  leases.release(held);
  await leases.released();
  assert.equal(edge.releases.length, 4);
  assert.equal(retries.length, 3);
  assert.deepEqual(
    ids(held).map((id) => edge.ledger.attemptOf(id)),
    [0, 0],
  );
});

for (const [what, fault] of [
  ['answers with errors', { status: 503 }],
  ['does not answer', { hold: new Promise(() => {}) }],
] as const) {
  test(`a release is given up by the leases's signal while the edge ${what}`, async (t) => {
    const { edge, leases, giveUp, claim } = await openBook(t, 20);
    edge.failAlways('/tasks/release', fault);
    const held = claim(1);
    leases.release(held);
    await waitFor('the request', () => edge.releases.length > 0);
    giveUp.abort();
    assert.equal(await settlesWithin(leases.released(), 2000), true, 'it goes on');
    assert.equal(leases.held, 1, 'what could not be given back is still held');
  });
}

test('a task that the edge calls cancelled is told once it is named', async (t) => {
  const { edge, cancelled, lost, claim } = await openBook(t);
  const held = claim(2);
  const [off = ''] = ids(held);
  edge.ledger.cancel(off);
  await waitFor('the word', () => cancelled.length > 0);
  assert.deepEqual([cancelled[0], lost], [off, []]);
});

test('a leases that is stopped sends nothing more', async (t) => {
  const { edge, leases, claim, beats } = await openBook(t, 0.3);
  claim(1);
  await beats(1);
  leases.stop();
  await sleep(50);
  const before = edge.calls.length;
  await sleep(200);
  assert.equal(edge.calls.length, before);
});
