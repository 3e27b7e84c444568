import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { SECOND, START, testLedger } from '../testing.ts';

describe('a heartbeat', () => {
  test('extends the lease by its duration from now', (t) => {
    const bed = testLedger(t);
    const { id, leaseId } = bed.held({}, { leaseSeconds: 45 });
    bed.now += 20 * SECOND;
    const expiresAt = START + 65 * SECOND;
    assert.deepEqual(bed.ledger.heartbeat([{ leaseId, holds: [id] }]).extended, [{ leaseId, expiresAt }]);
    assert.equal(bed.ledger.nextTickAt(), expiresAt);
  });

  test('never shortens a lease', (t) => {
    const bed = testLedger(t);
    const { id, leaseId } = bed.held();
    bed.now -= 10 * SECOND;
    const { extended } = bed.ledger.heartbeat([{ leaseId, holds: [id] }]);
    assert.deepEqual(extended, [{ leaseId, expiresAt: START + 30 * SECOND }]);
  });

  test('takes back a task that it does not list at once; the task has used its attempt', (t) => {
    const bed = testLedger(t);
    const [kept, dropped] = bed.addMany(2);
    assert.ok(kept && dropped);
    const { leaseId } = bed.claim(['a']);
    bed.now += SECOND;
    const { extended, lost } = bed.ledger.heartbeat([{ leaseId, holds: [kept] }]);
    assert.deepEqual([extended.length, lost], [1, []]);
    const { state, attempt, error, runAt } = bed.row(dropped);
    assert.deepEqual([state, attempt, error?.code, runAt], ['scheduled', 1, 'lease_expired', bed.now + 500]);
    assert.equal(bed.state(kept), 'leased');
    assert.equal(bed.succeed(dropped, leaseId).state, 'stale');
  });

  test('that lists no tasks ends the lease', (t) => {
    const bed = testLedger(t);
    const { id, leaseId } = bed.held();
    assert.deepEqual(bed.ledger.heartbeat([{ leaseId, holds: [] }]), {
      extended: [],
      lost: [],
      cancelled: [],
    });
    assert.equal(bed.state(id), 'scheduled');
    assert.equal(bed.ledger.nextTickAt(), bed.row(id).runAt);
  });

  test('reports tasks that the lease no longer holds as lost', (t) => {
    const bed = testLedger(t);
    const { id, leaseId } = bed.held();
    bed.now += 30 * SECOND;
    bed.ledger.tick();
    assert.deepEqual(bed.ledger.heartbeat([{ leaseId, holds: [id] }]), {
      extended: [],
      lost: [id],
      cancelled: [],
    });
  });

  test('reports a task that another lease holds as lost, and the other lease keeps it', (t) => {
    const bed = testLedger(t);
    const { id, leaseId } = bed.held({ backoff: { baseSeconds: 0 } });
    bed.now += 30 * SECOND;
    const other = bed.claim(['a']);
    assert.deepEqual(other.ids, [id]);
    assert.deepEqual(bed.ledger.heartbeat([{ leaseId, holds: [id] }]).lost, [id]);
    assert.equal(bed.succeed(id, other.leaseId).state, 'completed');
  });

  test('reports all tasks of an unknown lease, and all unknown tasks, as lost', (t) => {
    const bed = testLedger(t);
    const { id, leaseId } = bed.held();
    const unknown = bed.task().id;
    assert.deepEqual(bed.ledger.heartbeat([{ leaseId: randomUUID(), holds: [id, unknown] }]).lost, [
      id,
      unknown,
    ]);
    assert.deepEqual(bed.ledger.heartbeat([{ leaseId, holds: [id, unknown] }]).lost, [unknown]);
  });

  test('does not report tasks as lost that were settled under the lease', (t) => {
    const bed = testLedger(t);
    const ids = bed.addMany(4);
    const [done, failed, waits, runs] = ids;
    assert.ok(done && failed && waits && runs);
    const { leaseId } = bed.claim(['a']);
    bed.succeed(done, leaseId);
    bed.fail(failed, leaseId, { error: { code: 'x', message: 'x', retryable: false } });
    bed.fail(waits, leaseId);
    const { extended, lost } = bed.ledger.heartbeat([{ leaseId, holds: ids }]);
    assert.deepEqual([extended.length, lost], [1, []]);
    bed.succeed(runs, leaseId);
    assert.deepEqual(bed.ledger.heartbeat([{ leaseId, holds: ids }]), {
      extended: [],
      lost: [],
      cancelled: [],
    });
  });

  test('can renew several leases, each independently', (t) => {
    const bed = testLedger(t);
    const first = bed.held();
    const second = bed.held();
    const third = bed.held();
    bed.now += SECOND;
    const answer = bed.ledger.heartbeat([
      { leaseId: first.leaseId, holds: [first.id] },
      { leaseId: second.leaseId, holds: [third.id] },
      { leaseId: third.leaseId, holds: [third.id] },
    ]);
    assert.deepEqual(
      answer.extended.map((lease) => lease.leaseId),
      [first.leaseId, third.leaseId],
    );
    assert.deepEqual(answer.lost, [third.id]);
    assert.deepEqual(bed.states([first.id, second.id, third.id]), ['leased', 'scheduled', 'leased']);
  });
});

describe('progress', () => {
  test('the latest value of a running task can be read', (t) => {
    const bed = testLedger(t);
    const { id, leaseId } = bed.held();
    assert.equal(bed.row(id).progress, null);
    for (const value of ['0.5', '{"step":"é","of":[1,null]}', 'null', 'false', '0', '""']) {
      bed.ledger.heartbeat([{ leaseId, holds: [id], progress: [{ taskId: id, value }] }]);
      assert.equal(bed.row(id).progress, value);
    }
  });

  test('a heartbeat without progress keeps the known progress', (t) => {
    const bed = testLedger(t);
    const [one, other] = bed.addMany(2);
    assert.ok(one && other);
    const { leaseId } = bed.claim(['a']);
    const holds = [one, other];
    bed.ledger.heartbeat([{ leaseId, holds, progress: [{ taskId: one, value: '1' }] }]);
    bed.ledger.heartbeat([{ leaseId, holds, progress: [{ taskId: other, value: '2' }] }]);
    bed.ledger.heartbeat([{ leaseId, holds }]);
    assert.deepEqual([bed.row(one).progress, bed.row(other).progress], ['1', '2']);
  });

  test('progress of a task that the lease does not hold is ignored', (t) => {
    const bed = testLedger(t);
    const mine = bed.held();
    const foreign = bed.held();
    const progress = [{ taskId: foreign.id, value: '99' }];
    bed.ledger.heartbeat([{ leaseId: mine.leaseId, holds: [mine.id], progress }]);
    assert.equal(bed.row(foreign.id).progress, null);
  });

  test('progress is deleted when the attempt ends', (t) => {
    const bed = testLedger(t);
    const ids = bed.addMany(3, { backoff: { baseSeconds: 0 } });
    const [done, failed, released] = ids;
    assert.ok(done && failed && released);
    const { leaseId } = bed.claim(['a']);
    const progress = ids.map((taskId) => ({ taskId, value: '1' }));
    bed.ledger.heartbeat([{ leaseId, holds: ids, progress }]);
    bed.succeed(done, leaseId);
    bed.fail(failed, leaseId);
    bed.ledger.release(leaseId, [released]);
    assert.deepEqual(
      ids.map((id) => bed.row(id).progress),
      [null, null, null],
    );
    bed.claim(['a']);
    assert.equal(bed.row(failed).progress, null);
    assert.equal(bed.row(released).progress, null);
  });
});
