import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HOUR, MINUTE, SECOND, START, type TestLedger, testLedger } from '../testing.ts';

const CANCELLED = { code: 'cancelled', message: 'The task was cancelled' };

/** Whether a runner may still be running the task. */
const isHeld = (bed: TestLedger, id: string) => bed.row(id).claimedAt !== null;

describe('a task that no runner holds', () => {
  test('is cancelled if it is ready or scheduled, and is never claimed', (t) => {
    const bed = testLedger(t);
    const ready = bed.add();
    const scheduled = bed.add({ runAt: START + MINUTE });
    for (const id of [ready, scheduled]) {
      assert.deepEqual(bed.ledger.cancel(id), { changed: true });
      const { state, completedAt, error, attempt, attempts, claimedAt } = bed.row(id);
      assert.deepEqual(
        [state, completedAt, error, attempt, attempts, claimedAt],
        ['cancelled', START, CANCELLED, 0, [], null],
      );
    }
    assert.equal(bed.ledger.nextTickAt(), null);
    bed.now += HOUR;
    assert.deepEqual(bed.claim(['a']).ids, []);
  });

  test('is cancelled between two attempts, and keeps its attempts', (t) => {
    const bed = testLedger(t);
    const { id, leaseId } = bed.held();
    bed.fail(id, leaseId);
    const before = bed.row(id).attempts;
    assert.deepEqual(bed.ledger.cancel(id), { changed: true });
    assert.deepEqual(bed.row(id).attempts, before);
    bed.now += MINUTE;
    assert.deepEqual(bed.claim(['a']).ids, []);
  });

  test('is not changed if it has completed or failed', (t) => {
    const bed = testLedger(t);
    const done = bed.held();
    bed.succeed(done.id, done.leaseId, '1');
    const failed = bed.held({ maxAttempts: 1 });
    bed.fail(failed.id, failed.leaseId);
    const before = [bed.row(done.id), bed.row(failed.id)];
    bed.now += SECOND;
    assert.deepEqual(bed.ledger.cancel(done.id), { refused: 'completed' });
    assert.deepEqual(bed.ledger.cancel(failed.id), { refused: 'failed' });
    assert.deepEqual([bed.row(done.id), bed.row(failed.id)], before);
  });

  test('is not changed by a second cancel, not even its time', (t) => {
    const bed = testLedger(t);
    const id = bed.add();
    bed.ledger.cancel(id);
    const before = bed.row(id);
    bed.now += SECOND;
    assert.deepEqual(bed.ledger.cancel(id), { changed: false });
    assert.deepEqual(bed.row(id), before);
  });

  test('cannot be cancelled if it is unknown', (t) => {
    const bed = testLedger(t);
    assert.deepEqual(bed.ledger.cancel(bed.task().id), { unknown: true });
  });

  test('stays cancelled when it is delivered again', (t) => {
    const bed = testLedger(t);
    const task = bed.task();
    bed.ledger.insert([task]);
    bed.ledger.cancel(task.id);
    bed.ledger.insert([task]);
    assert.equal(bed.state(task.id), 'cancelled');
  });
});

describe('a running task', () => {
  test('is cancelled at once: its attempt ends, but its lease still holds it', (t) => {
    const bed = testLedger(t);
    const { id } = bed.held({}, { runner: 'box-7' });
    bed.now += SECOND;
    assert.deepEqual(bed.ledger.cancel(id), { changed: true });
    const { state, error, completedAt, claimedAt, attempts } = bed.row(id);
    assert.deepEqual([state, error, completedAt, claimedAt], ['cancelled', CANCELLED, bed.now, START]);
    assert.deepEqual(attempts, [
      { attempt: 1, runner: 'box-7', startedAt: START, endedAt: bed.now, error: CANCELLED },
    ]);
  });

  test('is reported as cancelled by every heartbeat that lists it, and the heartbeat renews the lease', (t) => {
    const bed = testLedger(t);
    const { id, leaseId } = bed.held();
    bed.ledger.cancel(id);
    for (let beat = 0; beat < 3; beat += 1) {
      bed.now += 10 * SECOND;
      assert.deepEqual(bed.ledger.heartbeat([{ leaseId, holds: [id] }]), {
        extended: [{ leaseId, expiresAt: bed.now + 30 * SECOND }],
        lost: [],
        cancelled: [id],
      });
    }
    assert.ok(isHeld(bed, id));
  });

  test('can be cancelled without affecting the other tasks of its lease', (t) => {
    const bed = testLedger(t);
    const [gone, kept] = bed.addMany(2);
    assert.ok(gone && kept);
    const { leaseId } = bed.claim(['a']);
    bed.ledger.cancel(gone);
    const { cancelled, lost } = bed.ledger.heartbeat([{ leaseId, holds: [gone, kept] }]);
    assert.deepEqual([cancelled, lost], [[gone], []]);
    assert.equal(bed.succeed(kept, leaseId).state, 'completed');
  });

  test('is not returned by a repeated claim after its cancel', (t) => {
    const bed = testLedger(t);
    const [gone, kept] = bed.addMany(2);
    assert.ok(gone && kept);
    const { leaseId } = bed.claim(['a']);
    bed.ledger.cancel(gone);
    assert.deepEqual(bed.claim(['a'], { leaseId }).ids, [kept]);
  });

  test('stays cancelled when its result arrives, and is then no longer held', (t) => {
    for (const success of [true, false]) {
      const bed = testLedger(t);
      const { id, leaseId } = bed.held();
      bed.ledger.cancel(id);
      const { completedAt } = bed.row(id);
      bed.now += SECOND;
      const report = { taskId: id, leaseId, success, result: '1' };
      assert.deepEqual(bed.settle(report), { taskId: id, state: 'cancelled' });
      assert.ok(!isHeld(bed, id));
      const row = bed.row(id);
      assert.deepEqual([row.state, row.result, row.completedAt], ['cancelled', null, completedAt]);
      assert.deepEqual(bed.settle(report), { taskId: id, state: 'cancelled' });
      assert.equal(bed.ledger.nextTickAt(), null);
    }
  });

  test('is still held after a result under another lease', (t) => {
    const bed = testLedger(t);
    const { id } = bed.held();
    const other = bed.held();
    bed.ledger.cancel(id);
    assert.equal(bed.succeed(id, other.leaseId).state, 'stale');
    assert.ok(isHeld(bed, id));
  });

  test('is no longer held after a release, a heartbeat that does not list it, or the deadline', (t) => {
    for (const end of ['release', 'heartbeat', 'deadline'] as const) {
      const bed = testLedger(t);
      const { id, leaseId } = bed.held();
      bed.ledger.cancel(id);
      const { attempts } = bed.row(id);
      if (end === 'release') assert.deepEqual(bed.ledger.release(leaseId, [id]), [id]);
      if (end === 'heartbeat') bed.ledger.heartbeat([{ leaseId, holds: [] }]);
      if (end === 'deadline') {
        bed.now += 30 * SECOND - 1;
        bed.ledger.tick();
        assert.ok(isHeld(bed, id));
        bed.now += 1;
        bed.ledger.tick();
      }
      assert.ok(!isHeld(bed, id), end);
      assert.deepEqual([bed.state(id), bed.row(id).attempts], ['cancelled', attempts], end);
      assert.equal(bed.ledger.nextTickAt(), null, end);
    }
  });

  test('keeps the alarm set to its deadline while it is held', (t) => {
    const bed = testLedger(t);
    const { id } = bed.held();
    bed.ledger.cancel(id);
    assert.equal(bed.ledger.nextTickAt(), START + 30 * SECOND);
  });

  test('of a single-task claim is no longer held after its report', (t) => {
    const bed = testLedger(t);
    const id = bed.add();
    bed.ledger.claimOne(id);
    bed.ledger.cancel(id);
    assert.ok(isHeld(bed, id));
    assert.deepEqual(bed.ledger.claimOne(id), { unavailable: 'cancelled' });
    assert.deepEqual(bed.ledger.settleUnfenced({ taskId: id, success: true }), { settled: 'cancelled' });
    assert.ok(!isHeld(bed, id));
  });

  test('of a fenced lease is still held after a report without a lease id', (t) => {
    const bed = testLedger(t);
    const { id } = bed.held();
    bed.ledger.cancel(id);
    assert.deepEqual(bed.ledger.settleUnfenced({ taskId: id, success: true }), { settled: 'cancelled' });
    assert.ok(isHeld(bed, id));
  });
});
