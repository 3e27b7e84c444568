import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MAX_LOST_DELIVERIES } from '../../../contract/limits.ts';
import { MINUTE, SECOND, START, testLedger } from '../testing.ts';

describe('a claim', () => {
  test('starts the requested number of tasks, and each uses an attempt', (t) => {
    const bed = testLedger(t);
    const ids = bed.addMany(5);
    bed.claim(['a'], { starts: 2, ahead: { a: 3 } });
    assert.deepEqual(
      ids.map((id) => bed.row(id).attempt),
      [1, 1, 0, 0, 0],
    );
  });

  test('returns each task with the attempt that begins when it starts', (t) => {
    const bed = testLedger(t);
    bed.addMany(2);
    const leaseId = '00000000-0000-4000-8000-000000000001';
    const attempts = () =>
      bed.claim(['a'], { leaseId, starts: 1, ahead: { a: 1 } }).tasks.map((task) => task.attempt);
    assert.deepEqual(attempts(), [1, 1]);
    assert.deepEqual(attempts(), [1, 1]);
  });

  test('reads ahead only the allowed types, up to the limit of each type, in their order', (t) => {
    const bed = testLedger(t);
    const [first = '', second] = bed.addMany(2, { type: 'slow' });
    const [third, fourth, fifth] = bed.addMany(3, { type: 'fast' });
    const { ids, next } = bed.claim(['slow', 'fast'], { limit: 10, starts: 1, ahead: { fast: 2 } });
    assert.deepEqual(ids, [first, third, fourth]);
    assert.deepEqual(bed.states([second ?? '', fifth ?? '']), ['ready', 'ready']);
    assert.deepEqual(next, [{ priority: 0, runAt: bed.row(second ?? '').runAt }]);
  });

  test('without read-ahead takes only the tasks that it starts', (t) => {
    const bed = testLedger(t);
    bed.addMany(5);
    assert.equal(bed.claim(['a'], { limit: 5, starts: 2 }).ids.length, 2);
  });

  test('returns the first task that is left for each want', (t) => {
    const bed = testLedger(t);
    bed.add();
    bed.add({ priority: -3 });
    bed.add({ type: 'b' });
    const wants = [
      { types: ['a'], limit: 1 },
      { types: ['b'], limit: 1 },
    ];
    const { next } = bed.ledger.claim({ leaseId: 'l', runner: 'r', leaseSeconds: 30, wants });
    assert.deepEqual(next, [{ priority: -3, runAt: START }, null]);
  });
});

describe('a task that was read ahead', () => {
  test('uses one attempt when a heartbeat reports it as started', (t) => {
    const bed = testLedger(t);
    const [id = '', other = ''] = bed.addMany(2);
    const { leaseId } = bed.readAhead(2);
    bed.now += SECOND;
    const beat = { leaseId, holds: [id, other], started: [id] };
    bed.ledger.heartbeat([beat]);
    bed.ledger.heartbeat([beat]);
    assert.deepEqual([bed.row(id).attempt, bed.row(other).attempt], [1, 0]);
    bed.fail(id, leaseId);
    assert.equal(bed.row(id).attempts[0]?.startedAt, START + SECOND);
  });

  test('is not started by a heartbeat of another lease', (t) => {
    const bed = testLedger(t);
    const id = bed.add();
    bed.readAhead(1);
    bed.add({ type: 'b' });
    const other = bed.claim(['b']);
    bed.ledger.heartbeat([{ leaseId: other.leaseId, holds: other.ids, started: [id] }]);
    assert.equal(bed.row(id).attempt, 0);
  });

  test('uses an attempt when its report arrives', (t) => {
    const bed = testLedger(t);
    const [done = '', broken = ''] = bed.addMany(2);
    const { leaseId } = bed.readAhead(2);
    bed.succeed(done, leaseId);
    bed.fail(broken, leaseId);
    for (const id of [done, broken]) {
      const { attempt, attempts } = bed.row(id);
      assert.deepEqual([attempt, attempts.length, attempts[0]?.attempt], [1, 1, 1]);
    }
  });

  test('is unchanged after a release', (t) => {
    const bed = testLedger(t);
    const [read = '', started = ''] = bed.addMany(2);
    const { leaseId } = bed.readAhead(2);
    bed.ledger.heartbeat([{ leaseId, holds: [read, started], started: [started] }]);
    bed.ledger.release(leaseId, [read, started]);
    assert.deepEqual([bed.row(read).attempt, bed.row(started).attempt], [0, 0]);
    assert.deepEqual(bed.claim(['a']).tasks[0]?.attempt, 1);
  });

  test('is cancelled without an attempt', (t) => {
    const bed = testLedger(t);
    const id = bed.add();
    const { leaseId } = bed.readAhead(1);
    bed.ledger.cancel(id);
    assert.deepEqual(bed.row(id).attempts, []);
    bed.ledger.release(leaseId, [id]);
    assert.deepEqual([bed.row(id).attempt, bed.state(id)], [0, 'cancelled']);
  });

  test('does not fail when leases expire before its start is known, if a later lease succeeds', (t) => {
    const bed = testLedger(t);
    const id = bed.add({ maxAttempts: 1 });
    for (let lost = 1; lost < MAX_LOST_DELIVERIES; lost += 1) {
      bed.now += 10 * MINUTE;
      assert.deepEqual(bed.readAhead(1, { leaseSeconds: 1 }).ids, [id]);
      bed.now += SECOND;
      bed.ledger.tick();
    }
    bed.now += 10 * MINUTE;
    const { leaseId } = bed.claim(['a']);
    assert.equal(bed.succeed(id, leaseId).state, 'completed');
    assert.equal(bed.row(id).attempts.length, 1);
  });

  test('is ready at once after its first lost lease, and after a growing delay for each further one', (t) => {
    const bed = testLedger(t);
    bed.add();
    const waits = [1, 2, 3, 4].map(() => {
      const { leaseId } = bed.readAhead(1);
      bed.ledger.heartbeat([{ leaseId, holds: [] }]);
      const wait = (bed.ledger.nextTickAt() ?? bed.now) - bed.now;
      bed.now += wait;
      return wait / SECOND;
    });
    assert.deepEqual(waits, [0, 1, 2, 4]);
  });

  test(`fails as undeliverable after ${MAX_LOST_DELIVERIES} lost leases in a row`, (t) => {
    const bed = testLedger(t);
    const id = bed.add();
    for (let lost = 1; lost <= MAX_LOST_DELIVERIES; lost += 1) {
      bed.now += 10 * MINUTE;
      const { leaseId } = bed.readAhead(1);
      bed.ledger.heartbeat([{ leaseId, holds: [] }]);
    }
    const { state, error, attempt, attempts, completedAt } = bed.row(id);
    assert.deepEqual(
      [state, error?.code, attempt, attempts.length, completedAt],
      ['failed', 'undeliverable', 0, 0, bed.now],
    );
    bed.ledger.retry(id);
    const { leaseId } = bed.readAhead(1);
    bed.ledger.heartbeat([{ leaseId, holds: [] }]);
    assert.equal(bed.state(id), 'ready');
  });

  test('counts its lost leases from zero again once it has started', (t) => {
    const bed = testLedger(t);
    const id = bed.add({ maxAttempts: 100, backoff: { baseSeconds: 0 } });
    const lose = () => {
      bed.now += 10 * MINUTE;
      const { leaseId } = bed.readAhead(1);
      bed.ledger.heartbeat([{ leaseId, holds: [] }]);
    };
    for (let lost = 1; lost < MAX_LOST_DELIVERIES; lost += 1) lose();
    bed.now += 10 * MINUTE;
    bed.fail(id, bed.claim(['a']).leaseId);
    lose();
    assert.equal(bed.state(id), 'ready');
    assert.equal(bed.row(id).error?.code, 'broken', 'The error of the last attempt stays');
  });
});

describe('a released lease', () => {
  test('gives back all its tasks, and they use no attempt', (t) => {
    const bed = testLedger(t);
    const ids = bed.addMany(3);
    const { leaseId } = bed.claim(['a'], { starts: 1, ahead: { a: 2 } });
    assert.deepEqual(bed.ledger.releaseLease(leaseId).toSorted(), ids);
    assert.deepEqual(
      ids.map((id) => [bed.state(id), bed.row(id).attempt]),
      ids.map(() => ['ready', 0]),
    );
  });

  test('cannot be used again, even if its claim arrives after the release', (t) => {
    const bed = testLedger(t);
    bed.add();
    const leaseId = '00000000-0000-4000-8000-000000000002';
    assert.deepEqual(bed.ledger.releaseLease(leaseId), []);
    assert.deepEqual(bed.claim(['a'], { leaseId }).ids, []);
    assert.equal(bed.claim(['a']).ids.length, 1);
  });
});

test('tasks of expired leases are taken back in portions, and the next tick is due at once', (t) => {
  const bed = testLedger(t);
  const ids = bed.addMany(2500);
  for (let count = 0; count < 5; count += 1) bed.readAhead(500, { leaseSeconds: 1 });
  bed.now += SECOND;
  bed.ledger.tick();
  const ready = () => bed.states(ids).filter((state) => state === 'ready').length;
  assert.equal(ready(), 100);
  assert.ok((bed.ledger.nextTickAt() ?? Number.POSITIVE_INFINITY) <= bed.now);
  while ((bed.ledger.nextTickAt() ?? Number.POSITIVE_INFINITY) <= bed.now) bed.ledger.tick();
  assert.equal(ready(), 2500);
});
