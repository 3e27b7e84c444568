import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { StatusView, TaskView } from '../contract/api.ts';
import { Claim, HeartbeatAnswer, Released } from '../contract/buffer.ts';
import { expectError } from '../testing/assertions.ts';
import { openEdge } from '../testing/shared-edges.ts';

const edge = openEdge();

async function claim(type: string, want: object, leaseId: string = randomUUID()) {
  const wants = [{ types: [type], limit: 10, ...want }];
  const grant = await edge.buffer.read('/tasks/claim', Claim, { leaseId, runner: 'reader', wants });
  return { leaseId, ...grant, ids: grant.tasks.map(({ taskId }) => taskId) };
}

async function attemptOf(id: string | undefined): Promise<number> {
  return (await edge.api.read(`/tasks/${id}/status`, StatusView)).attempt;
}

test('a task that was read ahead spends its attempt when a heartbeat reports its start', async () => {
  await edge.submitManyReady('ahead-start', 3);
  const { leaseId, ids } = await claim('ahead-start', { starts: 1, ahead: { 'ahead-start': 5 } });
  assert.deepEqual(await Promise.all(ids.map(attemptOf)), [1, 0, 0]);
  const started = ids.slice(1, 2);
  await edge.buffer.read('/tasks/heartbeat', HeartbeatAnswer, { leases: [{ leaseId, holds: ids, started }] });
  assert.deepEqual(await Promise.all(ids.map(attemptOf)), [1, 1, 0]);
});

test('tasks that never start do not fail, even if their lease is lost several times', async () => {
  const [id] = await edge.submitManyReady('ahead-lost', 1, { maxAttempts: 1 });
  for (let lost = 1; lost <= 3; lost += 1) {
    await edge.sql("UPDATE tasks SET state = 'ready' WHERE id = ? AND state = 'scheduled'", id ?? '');
    const { leaseId, ids } = await claim('ahead-lost', { starts: 0, ahead: { 'ahead-lost': 1 } });
    assert.deepEqual(ids, [id]);
    await edge.buffer.post('/tasks/heartbeat', { leases: [{ leaseId, holds: [] }] });
  }
  const { status, attempts } = await edge.api.read(`/tasks/${id}`, TaskView);
  assert.deepEqual([status, attempts], ['pending', []]);
});

test('a claim returns the next task in the ledger and the priorities of its own tasks', async () => {
  await edge.submitManyReady('ahead-next', 1, { priority: 7 });
  await edge.submitManyReady('ahead-next', 2);
  const { tasks, next } = await claim('ahead-next', { limit: 1 });
  assert.equal(tasks[0]?.priority, 7);
  assert.equal(next?.[0]?.priority, 0);
  const rest = await claim('ahead-next', { limit: 2 });
  assert.deepEqual([rest.tasks[0]?.priority, rest.next], [undefined, [null]]);
});

test('an abandoned claim releases all its tasks, and its id cannot be used again', async () => {
  const submitted = await edge.submitManyReady('ahead-abandoned', 2);
  const { leaseId } = await claim('ahead-abandoned', {});
  const { released } = await edge.buffer.read('/tasks/release', Released, { leaseId });
  assert.deepEqual(released.toSorted(), submitted);
  assert.deepEqual((await claim('ahead-abandoned', {}, leaseId)).ids, []);
  const late = randomUUID();
  await edge.buffer.read('/tasks/release', Released, { leaseId: late });
  assert.deepEqual((await claim('ahead-abandoned', {}, late)).ids, []);
  assert.deepEqual((await claim('ahead-abandoned', {})).ids, submitted);
});

test('read-ahead of an invalid type name is refused', async () => {
  const wants = [{ types: ['a'], limit: 1, starts: 0, ahead: { '<b>': 1 } }];
  expectError(
    await edge.buffer.post('/tasks/claim', { leaseId: randomUUID(), runner: 'reader', wants }),
    'invalid_request',
  );
});
