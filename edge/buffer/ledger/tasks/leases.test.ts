import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import type { TakenBack } from '../store/store.ts';
import { SECOND, START, testLedger } from '../testing.ts';

describe('release', () => {
  test('a released task is ready at once and has not used an attempt', (t) => {
    const bed = testLedger(t);
    const { id, leaseId } = bed.held();
    bed.now += SECOND;
    assert.deepEqual(bed.ledger.release(leaseId, [id]), [id]);
    const { state, attempt, attempts, claimedAt, runAt } = bed.row(id);
    assert.deepEqual([state, attempt, attempts, claimedAt, runAt], ['ready', 0, [], null, START]);
  });

  test('only tasks that the lease holds are released', (t) => {
    const bed = testLedger(t);
    const [done, held] = bed.addMany(2);
    assert.ok(done && held);
    const { leaseId } = bed.claim(['a']);
    bed.succeed(done, leaseId);
    const foreign = bed.held({ type: 'b' });
    assert.deepEqual(bed.ledger.release(leaseId, [done, foreign.id, held, bed.task().id]), [held]);
    assert.deepEqual(bed.states([done, foreign.id, held]), ['completed', 'leased', 'ready']);
  });

  test('the lease keeps its other tasks', (t) => {
    const bed = testLedger(t);
    const [one, other] = bed.addMany(2);
    assert.ok(one && other);
    const { leaseId } = bed.claim(['a']);
    bed.ledger.release(leaseId, [one]);
    assert.deepEqual(bed.ledger.heartbeat([{ leaseId, holds: [other] }]).lost, []);
  });

  test('a repeated release and a release of an unknown lease release nothing', (t) => {
    const bed = testLedger(t);
    const { id, leaseId } = bed.held();
    assert.deepEqual(bed.ledger.release(randomUUID(), [id]), []);
    bed.ledger.release(leaseId, [id]);
    assert.deepEqual(bed.ledger.release(leaseId, [id]), []);
    assert.equal(bed.row(id).attempt, 0);
  });

  test('a result for a released task is stale', (t) => {
    const bed = testLedger(t);
    const { id, leaseId } = bed.held();
    bed.ledger.release(leaseId, [id]);
    assert.equal(bed.succeed(id, leaseId).state, 'stale');
    assert.equal(bed.state(id), 'ready');
  });
});

describe('expiry', () => {
  test('the next tick is due at the earliest deadline or run time', (t) => {
    const bed = testLedger(t);
    bed.held({}, { leaseSeconds: 60 });
    bed.held({ type: 'b' }, { leaseSeconds: 20 });
    assert.equal(bed.ledger.nextTickAt(), START + 20 * SECOND);
    bed.add({ runAt: START + 5 * SECOND });
    assert.equal(bed.ledger.nextTickAt(), START + 5 * SECOND);
  });

  test('a tick takes back the task of an expired lease, and the task waits for its next attempt', (t) => {
    const bed = testLedger(t);
    const { id } = bed.held({}, { runner: 'gone' });
    bed.now = START + 30 * SECOND;
    bed.ledger.tick();
    const { state, attempt, runAt, error, attempts, claimedAt } = bed.row(id);
    assert.deepEqual([state, attempt, runAt, claimedAt], ['scheduled', 1, bed.now + 500, null]);
    assert.equal(error?.code, 'lease_expired');
    assert.deepEqual(attempts, [{ attempt: 1, runner: 'gone', startedAt: START, endedAt: bed.now, error }]);
    assert.equal(bed.ledger.nextTickAt(), runAt);
  });

  test('a listener is notified once which tasks were taken back, from which runner and why', (t) => {
    const taken: TakenBack[] = [];
    const bed = testLedger(t, (one) => void taken.push(one));
    const [first, second] = bed.addMany(2);
    const gone = bed.claim(['a'], { runner: 'gone' });
    const other = bed.held({ type: 'b' }, { runner: 'forgetful', leaseSeconds: 60 });
    bed.now += 30 * SECOND;
    bed.ledger.tick();
    bed.ledger.tick();
    bed.ledger.heartbeat([{ leaseId: other.leaseId, holds: [] }]);
    const attempt = 1;
    assert.deepEqual(taken, [
      {
        leaseId: gone.leaseId,
        runner: 'gone',
        reason: 'The runner did not renew its lease in time',
        tasks: [
          { taskId: first, attempt },
          { taskId: second, attempt },
        ],
        unstarted: [],
      },
      {
        leaseId: other.leaseId,
        runner: 'forgetful',
        reason: 'The runner no longer holds the task',
        tasks: [{ taskId: other.id, attempt }],
        unstarted: [],
      },
    ]);
  });

  test('any claim also takes back the tasks of expired leases', (t) => {
    const bed = testLedger(t);
    const { id } = bed.held({ backoff: { baseSeconds: 0 } });
    bed.now = START + 30 * SECOND - 1;
    assert.deepEqual(bed.claim(['a']).ids, []);
    bed.now += 1;
    assert.deepEqual(bed.claim(['a']).ids, [id]);
    assert.equal(bed.row(id).attempt, 2);
  });

  test('a task fails when the lease of its last attempt expires', (t) => {
    const bed = testLedger(t);
    const { id, leaseId } = bed.held({ maxAttempts: 1 });
    bed.now = START + 30 * SECOND;
    bed.ledger.tick();
    const { state, completedAt, error } = bed.row(id);
    assert.deepEqual([state, completedAt, error?.code], ['failed', bed.now, 'lease_expired']);
    assert.equal(bed.succeed(id, leaseId).state, 'stale');
  });

  test('a task that was settled before the lease expired stays settled', (t) => {
    const bed = testLedger(t);
    const [done, lost] = bed.addMany(2);
    assert.ok(done && lost);
    const { leaseId } = bed.claim(['a']);
    bed.succeed(done, leaseId);
    bed.now = START + 30 * SECOND;
    bed.ledger.tick();
    assert.deepEqual(bed.states([done, lost]), ['completed', 'scheduled']);
  });

  test('a result for a task that was taken back is stale and changes nothing', (t) => {
    const bed = testLedger(t);
    const { id, leaseId } = bed.held();
    bed.now = START + 30 * SECOND;
    bed.ledger.tick();
    const before = bed.row(id);
    assert.equal(bed.succeed(id, leaseId).state, 'stale');
    assert.deepEqual(bed.row(id), before);
  });
});

describe('a deadline that has passed changes nothing by itself', () => {
  test('a late result is accepted before the lease is taken back', (t) => {
    const bed = testLedger(t);
    const { id, leaseId } = bed.held();
    bed.now += 3600 * SECOND;
    assert.equal(bed.succeed(id, leaseId).state, 'completed');
  });

  test('a late heartbeat renews the lease before it is taken back', (t) => {
    const bed = testLedger(t);
    const { id, leaseId } = bed.held();
    bed.now += 3600 * SECOND;
    const expiresAt = bed.now + 30 * SECOND;
    assert.deepEqual(bed.ledger.heartbeat([{ leaseId, holds: [id] }]), {
      extended: [{ leaseId, expiresAt }],
      lost: [],
      cancelled: [],
    });
    bed.ledger.tick();
    assert.equal(bed.state(id), 'leased');
  });

  test('a late release gives the attempt back before the lease is taken back', (t) => {
    const bed = testLedger(t);
    const { id, leaseId } = bed.held();
    bed.now += 3600 * SECOND;
    bed.ledger.release(leaseId, [id]);
    assert.deepEqual([bed.state(id), bed.row(id).attempt], ['ready', 0]);
  });
});
