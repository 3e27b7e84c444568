import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '../../edge/testing/wait-for.ts';
import { heldTask, newTaskId } from '../testing/held-tasks.ts';
import { answered, ids, openLeases } from '../testing/open-leases.ts';

test('a heartbeat is sent every third of the lease and names exactly the held tasks', async (t) => {
  const { edge, leases, lost, claim, beats } = await openLeases(t);
  const first = claim(3);
  const second = claim(1);
  await beats(5);
  // The first heartbeat arrives late because it opens the connection.
  const times = edge.callsTo('/tasks/heartbeat').map((call) => call.at);
  const apart = ((times[4] ?? 0) - (times[1] ?? 0)) / 3;
  assert.ok(apart >= 290 && apart < 550, `${apart} ms apart, a third is 300 ms`);
  for (const { leases } of edge.heartbeats) {
    assert.deepEqual(leases, [
      { leaseId: first[0]?.leaseId, holds: ids(first) },
      { leaseId: second[0]?.leaseId, holds: ids(second) },
    ]);
  }

  // An acknowledged task is no longer held. A reported but unacknowledged task is still held.
  for (const held of [...first.slice(0, 2), ...second]) leases.remove(held);
  const before = answered(edge);
  await beats(before + 2);
  const last = edge.heartbeats.at(-1);
  assert.deepEqual(last?.leases, [{ leaseId: first[0]?.leaseId, holds: ids(first.slice(2)) }]);
  assert.deepEqual(lost, []);
});

test('no heartbeat is sent while no task is held', async (t) => {
  const { edge, leases, claim, beats } = await openLeases(t, 0.3);
  const [held] = claim(1);
  await beats(1);
  if (held) leases.remove(held);
  const before = edge.calls.length;
  await sleep(200);
  assert.ok(edge.calls.length - before <= 1, 'it went on beating');
});

test('a lease without runnable tasks is not renewed forever', async (t) => {
  const { edge, leases } = await openLeases(t, 0.15);
  leases.open(randomUUID(), [], performance.now());
  await sleep(250);
  const before = edge.heartbeats.length;
  await sleep(250);
  assert.equal(edge.heartbeats.length, before);
});

test('a lease lives as long as it is renewed', async (t) => {
  const { lost, claim } = await openLeases(t, 0.6);
  claim(2);
  await sleep(1500);
  assert.deepEqual(lost, []);
});

test('a task that the edge reports as lost is lost once, and its neighbours stay', async (t) => {
  const { edge, events, lost, claim, beats } = await openLeases(t);
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

test('a lease that cannot be renewed is lost by the runner’s clock, counted from its claim', async (t) => {
  const { edge, lost, retries, claim } = await openLeases(t, 0.6);
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

test('a lease is lost while the edge delays its answer', async (t) => {
  const { edge, lost, claim } = await openLeases(t, 0.4);
  edge.failAlways('/tasks/heartbeat', { hold: new Promise(() => {}) });
  const claimedAt = performance.now();
  claim(1);
  await waitFor('the loss', () => lost.length === 1);
  assert.ok(performance.now() - claimedAt < 700);
});

test('a failed heartbeat is sent again before the lease expires', async (t) => {
  const { edge, lost, retries, claim, beats } = await openLeases(t, 3);
  edge.fail('/tasks/heartbeat', { status: 500 });
  claim(1);
  await beats(2);
  assert.deepEqual([lost.length, retries.length], [0, 1]);
  const [first = 0, second = 0] = edge.callsTo('/tasks/heartbeat').map((call) => call.at);
  assert.ok(second - first < 900, 'a repeat does not wait for the next third');
});

test('only the latest progress of each task is sent, and only once', async (t) => {
  const { edge, events, claim, beats } = await openLeases(t);
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

test('the next heartbeat contains the progress of a failed one', async (t) => {
  const { edge, events, claim, beats } = await openLeases(t);
  edge.fail('/tasks/heartbeat', { drop: 'before' });
  const [held] = claim(1);
  assert.ok(held);
  events.emit('progress', { held, value: 'half' });
  await beats(2);
  assert.deepEqual(edge.heartbeats[1]?.leases[0]?.progress, [{ taskId: held.task.taskId, value: 'half' }]);
});

test('heartbeats name a started read-ahead task until one that names it is answered', async (t) => {
  const { edge, events, leases, claim, beats } = await openLeases(t);
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

test('more than a thousand leases are sent in several requests', async (t) => {
  const { edge, leases } = await openLeases(t, 3);
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

test('a task that the edge reports as cancelled is cancelled once', async (t) => {
  const { edge, cancelled, lost, claim } = await openLeases(t);
  const held = claim(2);
  const [off = ''] = ids(held);
  edge.ledger.cancel(off);
  await waitFor('the word', () => cancelled.length > 0);
  assert.deepEqual([cancelled[0], lost], [off, []]);
});

test('a stopped lease manager sends nothing more', async (t) => {
  const { edge, leases, claim, beats } = await openLeases(t, 0.3);
  claim(1);
  await beats(1);
  leases.stop();
  await sleep(50);
  const before = edge.calls.length;
  await sleep(200);
  assert.equal(edge.calls.length, before);
});
