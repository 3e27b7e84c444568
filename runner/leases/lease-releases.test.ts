import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { settlesWithin, waitFor } from '../../edge/testing/wait-for.ts';
import { answered, ids, openLeases } from '../testing/open-leases.ts';

test('the lease of an abandoned claim is released by its id, and the id grants no more tasks', async (t) => {
  const { edge, leases } = await openLeases(t);
  const leaseId = randomUUID();
  edge.fail('/tasks/release', { drop: 'before' }, { status: 503 });
  leases.abandon(leaseId);
  await leases.released();
  assert.deepEqual(edge.releases, Array(3).fill({ leaseId }));
  edge.ledger.add('cpu-fixture', {});
  const late = edge.ledger.claim({ leaseId, runner: 'test', wants: [{ types: ['cpu-fixture'], limit: 1 }] });
  assert.deepEqual(late.tasks, []);
});

test('the retries of a release end when the lease expires', async (t) => {
  const { edge, leases } = await openLeases(t, 0.3);
  edge.failAlways('/tasks/release', { status: 503 });
  leases.abandon(randomUUID());
  assert.equal(await settlesWithin(leases.released(), 5000), true);
});

test('a release that the edge refuses permanently is not retried, and its tasks are no longer named', async (t) => {
  const { edge, leases, lost, claim } = await openLeases(t);
  const body = JSON.stringify({ error: 'No such route', code: 'not_known_here' });
  edge.failAlways('/tasks/release', { status: 404, body });
  const held = claim(2);
  leases.release(held);
  leases.abandon(randomUUID());
  await leases.released();
  assert.equal(edge.releases.length, 2);
  assert.deepEqual([lost, leases.held], [ids(held), 0]);
});

test('one release is sent for each lease, and its tasks are no longer held', async (t) => {
  const { edge, events, leases, claim } = await openLeases(t);
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

test('a release is retried until it is answered, and its tasks are held until then', async (t) => {
  const { edge, leases, retries, claim } = await openLeases(t, 2);
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
  test(`the lease manager's signal ends the retries of a release while the edge ${what}`, async (t) => {
    const { edge, leases, giveUp, claim } = await openLeases(t, 20);
    edge.failAlways('/tasks/release', fault);
    const held = claim(1);
    leases.release(held);
    await waitFor('the request', () => edge.releases.length > 0);
    giveUp.abort();
    assert.equal(await settlesWithin(leases.released(), 2000), true, 'it goes on');
    assert.equal(leases.held, 1, 'what could not be given back is still held');
  });
}
