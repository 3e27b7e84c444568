import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NewTask } from '../../../contract/ledger/tasks.ts';
import { MINUTE, SECOND, START, type TestLedger, testLedger } from '../testing.ts';

function claimOne(bed: TestLedger, options: Partial<NewTask> = {}): string {
  const id = bed.add(options);
  const grant = bed.ledger.claimOne(id);
  assert.ok('claimed' in grant, JSON.stringify(grant));
  return id;
}

test('a single claim leases the task, uses an attempt and returns the task', (t) => {
  const bed = testLedger(t);
  const id = bed.add({ payload: '{"n":1}' });
  bed.now += SECOND;
  const grant = bed.ledger.claimOne(id);
  assert.ok('claimed' in grant);
  const { state, attempt, claimedAt, payload } = grant.claimed;
  assert.deepEqual([state, attempt, claimedAt, payload], ['leased', 1, bed.now, '{"n":1}']);
});

test('a task that is not ready cannot be claimed, and the answer contains its state', (t) => {
  const bed = testLedger(t);
  const claimed = claimOne(bed);
  const fenced = bed.held();
  const scheduled = bed.add({ runAt: START + MINUTE });
  const done = bed.held();
  bed.succeed(done.id, done.leaseId);
  assert.deepEqual(
    [claimed, fenced.id, scheduled, done.id].map((id) => bed.ledger.claimOne(id)),
    ['leased', 'leased', 'scheduled', 'completed'].map((unavailable) => ({ unavailable })),
  );
  assert.deepEqual(bed.ledger.claimOne(bed.task().id), { unknown: true });
});

test('a task whose time has come can be claimed', (t) => {
  const bed = testLedger(t);
  const id = bed.add({ runAt: START + SECOND });
  bed.now += SECOND;
  assert.ok('claimed' in bed.ledger.claimOne(id));
});

test('an unfenced lease lasts five minutes, or as long as the timeout if that is longer', (t) => {
  for (const [timeoutSeconds, seconds] of [
    [undefined, 300] as const,
    [10, 300] as const,
    [900, 900] as const,
  ]) {
    const bed = testLedger(t);
    const id = claimOne(bed, { timeoutSeconds });
    assert.equal(bed.ledger.nextTickAt(), START + seconds * SECOND);
    bed.now = START + seconds * SECOND - 1;
    bed.ledger.tick();
    assert.equal(bed.state(id), 'leased');
    bed.now += 1;
    bed.ledger.tick();
    assert.equal(bed.state(id), 'scheduled');
    assert.equal(bed.row(id).error?.code, 'lease_expired');
  }
});

test('a task with a timeout of 300.0005 s can be claimed', (t) => {
  const bed = testLedger(t);
  const id = bed.add({ timeoutSeconds: 300.0005 });
  assert.ok('claimed' in bed.ledger.claimOne(id));
});

test('a result without a lease id completes the task', (t) => {
  const bed = testLedger(t);
  const taskId = claimOne(bed);
  const outcome = bed.ledger.settleUnfenced({ taskId, success: true, result: '1' });
  assert.deepEqual(outcome, { settled: 'completed' });
  assert.deepEqual([bed.state(taskId), bed.row(taskId).result], ['completed', '1']);
  assert.equal(bed.ledger.nextTickAt(), null);
});

test('a failure is final, even if attempts are left and the error is retryable', (t) => {
  const bed = testLedger(t);
  const taskId = claimOne(bed, { maxAttempts: 9 });
  const error = { code: 'x', message: 'Simulated', retryable: true };
  assert.deepEqual(bed.ledger.settleUnfenced({ taskId, success: false, error }), { settled: 'failed' });
  assert.deepEqual(bed.row(taskId).error, { code: 'x', message: 'Simulated' });
});

test('a repeated result gets the first answer', (t) => {
  const bed = testLedger(t);
  const taskId = claimOne(bed);
  bed.ledger.settleUnfenced({ taskId, success: true });
  assert.deepEqual(bed.ledger.settleUnfenced({ taskId, success: false }), { settled: 'completed' });
  assert.equal(bed.row(taskId).attempts.length, 1);
});

test('a result for a task under a fenced lease is refused until the task is settled', (t) => {
  const bed = testLedger(t);
  const { id: taskId, leaseId } = bed.held();
  assert.deepEqual(bed.ledger.settleUnfenced({ taskId, success: true }), { refused: 'leased', fenced: true });
  bed.succeed(taskId, leaseId);
  assert.deepEqual(bed.ledger.settleUnfenced({ taskId, success: true }), { settled: 'completed' });
});

test('a result for a task that is not claimed is refused', (t) => {
  const bed = testLedger(t);
  const ready = bed.add();
  const scheduled = bed.add({ runAt: START + MINUTE });
  assert.deepEqual(
    [ready, scheduled].map((taskId) => bed.ledger.settleUnfenced({ taskId, success: true })),
    ['ready', 'scheduled'].map((refused) => ({ refused, fenced: false })),
  );
  assert.deepEqual(bed.ledger.settleUnfenced({ taskId: bed.task().id, success: true }), { unknown: true });
});

test('a result is refused if the task was taken back and claimed under a fenced lease', (t) => {
  const bed = testLedger(t);
  const taskId = claimOne(bed, { backoff: { baseSeconds: 0 } });
  bed.now += 300 * SECOND;
  assert.deepEqual(bed.claim(['a']).ids, [taskId]);
  assert.deepEqual(bed.ledger.settleUnfenced({ taskId, success: true }), { refused: 'leased', fenced: true });
});

test('a late result is accepted before the unfenced lease is taken back', (t) => {
  const bed = testLedger(t);
  const taskId = claimOne(bed);
  bed.now += 3600 * SECOND;
  assert.deepEqual(bed.ledger.settleUnfenced({ taskId, success: true }), { settled: 'completed' });
});
