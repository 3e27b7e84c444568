import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { NewTask } from '../../../contract/ledger/tasks.ts';
import { HOUR, MINUTE, SECOND, START, TestLedger, testLedger } from '../testing.ts';

const FINAL = { error: { code: 'broken', message: 'It broke', retryable: false } };

function failed(bed: TestLedger, options: Partial<NewTask> = {}): string {
  const { id, leaseId } = bed.held(options);
  bed.fail(id, leaseId, FINAL);
  return id;
}

function cancelled(bed: TestLedger, options: Partial<NewTask> = {}): string {
  const id = bed.add(options);
  bed.ledger.cancel(id);
  return id;
}

describe('a retry of a task that no runner holds', () => {
  test('makes a failed or cancelled task ready at once; the task keeps its ended attempts', (t) => {
    const bed = testLedger(t);
    for (const id of [failed(bed), cancelled(bed)]) {
      const { attempts } = bed.row(id);
      bed.now += SECOND;
      assert.deepEqual(bed.ledger.retry(id), { retried: true });
      const row = bed.row(id);
      assert.deepEqual(
        [row.state, row.attempt, row.runAt, row.completedAt, row.error, row.result, row.attempts],
        ['ready', 0, bed.now, null, null, null, attempts],
      );
      assert.deepEqual(bed.claim(['a']).ids, [id]);
    }
  });

  test('gives the task its full number of attempts again', (t) => {
    const bed = testLedger(t);
    bed.random = 0;
    const id = bed.add({ maxAttempts: 2 });
    const fail = () => bed.fail(id, bed.claim(['a']).leaseId).state;
    assert.deepEqual([fail(), fail()], ['ready', 'failed']);
    bed.ledger.retry(id);
    assert.deepEqual([fail(), fail()], ['ready', 'failed']);
    assert.equal(bed.row(id).attempts.length, 4);
  });

  test('is refused if the task has not ended or has completed', (t) => {
    const bed = testLedger(t);
    const done = bed.held();
    bed.succeed(done.id, done.leaseId, '1');
    const leased = bed.held().id;
    const ready = bed.add();
    const scheduled = bed.add({ runAt: START + MINUTE });
    const ids = [done.id, leased, ready, scheduled];
    const before = ids.map((id) => bed.row(id));
    bed.now += SECOND;
    assert.deepEqual(
      ids.map((id) => bed.ledger.retry(id)),
      ['completed', 'leased', 'ready', 'scheduled'].map((refused) => ({ refused })),
    );
    assert.deepEqual(
      ids.map((id) => bed.row(id)),
      before,
    );
  });

  test('returns `unknown` for an unknown task', (t) => {
    const bed = testLedger(t);
    assert.deepEqual(bed.ledger.retry(bed.task().id), { unknown: true });
  });

  test('makes the earlier report of the failure stale once the task runs again', (t) => {
    const bed = testLedger(t);
    const { id, leaseId } = bed.held();
    bed.fail(id, leaseId, FINAL);
    bed.ledger.retry(id);
    bed.fail(id, leaseId, FINAL);
    assert.equal(bed.state(id), 'ready');
    const again = bed.claim(['a']);
    assert.equal(bed.fail(id, leaseId, FINAL).state, 'stale');
    assert.equal(bed.succeed(id, again.leaseId).state, 'completed');
  });
});

describe('a retry of a cancelled task that its runner has not dropped', () => {
  function waiting(bed: TestLedger): { id: string; leaseId: string } {
    const held = bed.held();
    bed.ledger.cancel(held.id);
    bed.now += SECOND;
    assert.deepEqual(bed.ledger.retry(held.id), { retried: true });
    return held;
  }

  test('waits: the task is scheduled and still held, and cannot be claimed', (t) => {
    const bed = testLedger(t);
    const { id } = waiting(bed);
    const { state, claimedAt, attempt, completedAt, error } = bed.row(id);
    assert.deepEqual([state, claimedAt, attempt, completedAt, error], ['scheduled', START, 0, null, null]);
    bed.now = START + 30 * SECOND - 1;
    bed.ledger.tick();
    assert.deepEqual(bed.claim(['a']).ids, []);
    assert.deepEqual(bed.ledger.claimOne(id), { unavailable: 'scheduled' });
    assert.deepEqual(bed.ledger.ready(10), []);
    assert.equal(bed.row(id).claimedAt, START);
  });

  test('does not change that each heartbeat reports the task as cancelled', (t) => {
    const bed = testLedger(t);
    const { id, leaseId } = waiting(bed);
    assert.deepEqual(bed.ledger.heartbeat([{ leaseId, holds: [id] }]).cancelled, [id]);
    assert.deepEqual(bed.ledger.heartbeat([{ leaseId, holds: [id] }]).cancelled, [id]);
    assert.deepEqual(bed.claim(['a'], { leaseId }).ids, []);
  });

  test('makes the task ready as soon as its runner no longer holds it', (t) => {
    for (const end of ['report', 'release', 'heartbeat', 'deadline'] as const) {
      const bed = testLedger(t);
      const { id, leaseId } = waiting(bed);
      if (end === 'report') assert.equal(bed.succeed(id, leaseId, '1').state, 'cancelled');
      if (end === 'release') assert.deepEqual(bed.ledger.release(leaseId, [id]), [id]);
      if (end === 'heartbeat') bed.ledger.heartbeat([{ leaseId, holds: [] }]);
      if (end === 'deadline') {
        bed.now = START + 30 * SECOND;
        bed.ledger.tick();
      }
      const { state, claimedAt, attempt, result } = bed.row(id);
      assert.deepEqual([state, claimedAt, attempt, result], ['ready', null, 0, null], end);
      const again = bed.claim(['a']);
      assert.deepEqual(again.ids, [id], end);
      assert.equal(again.tasks[0]?.attempt, 1);
      assert.equal(bed.succeed(id, leaseId).state, 'stale');
      assert.equal(bed.succeed(id, again.leaseId).state, 'completed');
    }
  });

  test('lets a claim take the task once the deadline of its lease has passed', (t) => {
    const bed = testLedger(t);
    const { id } = waiting(bed);
    bed.now = START + 30 * SECOND;
    assert.deepEqual(bed.claim(['a']).ids, [id]);
  });

  test('makes the task ready when the consumer of a single-task claim reports it', (t) => {
    const bed = testLedger(t);
    const id = bed.add();
    bed.ledger.claimOne(id);
    bed.ledger.cancel(id);
    bed.ledger.retry(id);
    assert.deepEqual(bed.ledger.settleUnfenced({ taskId: id, success: true }), { settled: 'cancelled' });
    assert.equal(bed.state(id), 'ready');
  });

  test('can be followed by another cancel, and the task then stays cancelled', (t) => {
    const bed = testLedger(t);
    const { id, leaseId } = waiting(bed);
    assert.deepEqual(bed.ledger.cancel(id), { changed: true });
    assert.equal(bed.row(id).claimedAt, START);
    assert.equal(bed.row(id).attempts.length, 1);
    bed.ledger.release(leaseId, [id]);
    assert.deepEqual([bed.state(id), bed.row(id).claimedAt], ['cancelled', null]);
  });

  test('still waits after a restart', (t) => {
    const bed = testLedger(t);
    const { id } = waiting(bed);
    const restarted = new TestLedger(bed.sql);
    restarted.now = bed.now;
    assert.deepEqual(restarted.claim(['a']).ids, []);
    assert.equal(restarted.row(id).claimedAt, START);
  });
});

test('a single claim may follow a retry within the same millisecond', (t) => {
  const bed = testLedger(t);
  const id = bed.add();
  for (let time = 0; time < 3; time += 1) {
    assert.ok('claimed' in bed.ledger.claimOne(id));
    assert.deepEqual(bed.ledger.settleUnfenced({ taskId: id, success: false }), { settled: 'failed' });
    assert.deepEqual(bed.ledger.retry(id), { retried: true });
  }
});

describe('a retry of many tasks', () => {
  const all = { state: 'failed', since: 0, limit: 100 } as const;

  test('makes all tasks in the given state ready, and changes no other tasks', (t) => {
    const bed = testLedger(t);
    const ids = [failed(bed), failed(bed)];
    const done = bed.held();
    bed.succeed(done.id, done.leaseId);
    const others = [cancelled(bed), done.id, bed.held({ type: 'b' }).id];
    const before = others.map((id) => bed.row(id));
    const { changed, nextCursor } = bed.ledger.retryMany(all);
    assert.deepEqual([changed.toSorted(), nextCursor], [ids, null]);
    assert.deepEqual(bed.states(ids), ['ready', 'ready']);
    assert.deepEqual(
      others.map((id) => bed.row(id)),
      before,
    );
    assert.deepEqual(bed.ledger.retryMany(all), { changed: [], nextCursor: null });
  });

  test('can retry cancelled tasks; a task that is still held waits', (t) => {
    const bed = testLedger(t);
    const { id: held } = bed.held();
    bed.ledger.cancel(held);
    const free = cancelled(bed);
    const { changed } = bed.ledger.retryMany({ ...all, state: 'cancelled' });
    assert.deepEqual(changed.toSorted(), [held, free]);
    assert.deepEqual(bed.states([held, free]), ['scheduled', 'ready']);
    assert.deepEqual(bed.claim(['a']).ids, [free]);
  });

  test('filters by type', (t) => {
    const bed = testLedger(t);
    const a = failed(bed, { type: 'a' });
    const b = failed(bed, { type: 'b' });
    assert.deepEqual(bed.ledger.retryMany({ ...all, type: 'b' }).changed, [b]);
    assert.equal(bed.state(a), 'failed');
  });

  test('filters by the time of the end, not by the time of the submission', (t) => {
    const bed = testLedger(t);
    const first = bed.held();
    const second = failed(bed);
    bed.now += HOUR;
    bed.ledger.cancel(first.id);
    bed.ledger.heartbeat([{ leaseId: first.leaseId, holds: [] }]);
    const late = failed(bed);
    assert.deepEqual(bed.ledger.retryMany({ ...all, since: START + HOUR }).changed, [late]);
    assert.equal(bed.state(second), 'failed');
    assert.deepEqual(bed.ledger.retryMany({ ...all, state: 'cancelled', since: bed.now }).changed, [
      first.id,
    ]);
  });

  test('returns pages from newest to oldest with each task once', (t) => {
    const bed = testLedger(t);
    const ids = Array.from({ length: 7 }, () => failed(bed));
    const seen: string[] = [];
    let cursor: string | undefined;
    for (let pages = 0; pages < 10; pages += 1) {
      const page = bed.ledger.retryMany({ ...all, limit: 3, cursor });
      assert.ok(page.changed.length <= 3);
      seen.push(...page.changed.toSorted().reverse());
      if (page.nextCursor === null) break;
      cursor = page.nextCursor;
    }
    assert.deepEqual(seen, ids.toReversed());
  });

  test('gives each task its full number of attempts again', (t) => {
    const bed = testLedger(t);
    const ids = [failed(bed), failed(bed)];
    bed.ledger.retryMany(all);
    assert.deepEqual(
      ids.map((id) => bed.row(id).attempt),
      [0, 0],
    );
  });
});
