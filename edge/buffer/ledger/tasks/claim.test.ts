import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { MAX_ANSWER_BYTES, MAX_ERROR_MESSAGE_LENGTH, MAX_KEPT_ATTEMPTS } from '../../../contract/limits.ts';
import { byteLength } from '../../../contract/text.ts';
import { HOUR, MINUTE, SECOND, START, testLedger } from '../testing.ts';

const MIB = 1024 * 1024;
/** Maximum size of a call between workers. */
const RPC_BYTES = 32 * MIB;

describe('order', () => {
  test('a claim takes the highest priority first, then the earliest, across several types', (t) => {
    const bed = testLedger(t);
    const at = (offset: number, type: string, priority: number) => {
      bed.now = START + offset;
      return bed.add({ type, priority });
    };
    const fourth = at(1, 'a', 0);
    const second = at(2, 'b', 5);
    const first = at(3, 'c', 100);
    const third = at(4, 'a', 5);
    const fifth = at(5, 'b', 0);
    const last = at(0, 'c', -100);
    assert.deepEqual(bed.claim(['a', 'b', 'c']).ids, [first, second, third, fourth, fifth, last]);
  });

  test('tasks of the same priority and time are claimed in the order of their ids', (t) => {
    const bed = testLedger(t);
    const ids = [
      bed.add({ type: 'b' }),
      bed.add({ type: 'a' }),
      bed.add({ type: 'b' }),
      bed.add({ type: 'a' }),
    ];
    assert.deepEqual(bed.claim(['a', 'b']).ids, ids);
  });

  test('the limit applies to all types together, not to each type', (t) => {
    const bed = testLedger(t);
    const low = bed.addMany(3, { type: 'a' });
    const high = bed.addMany(3, { type: 'b', priority: 1 });
    const { ids } = bed.claim(['a', 'b'], { limit: 4 });
    assert.deepEqual(ids, [...high, low[0]]);
  });
});

test('a claim grants at most 500 tasks, an equal part to each want, and reports what is left', (t) => {
  const bed = testLedger(t);
  bed.addMany(600, { type: 'a' });
  bed.addMany(600, { type: 'b' });
  const want = (type: string) => ({ types: [type], limit: 1000 });
  const order = { leaseId: randomUUID(), runner: 'r', leaseSeconds: 30, wants: [want('a'), want('b')] };
  const { tasks, next } = bed.ledger.claim(order);
  const counts = Map.groupBy(tasks, ({ type }) => type);
  assert.deepEqual([counts.get('a')?.length, counts.get('b')?.length], [250, 250]);
  assert.ok(next.every((head) => head !== null));
  assert.equal(bed.claim(['a']).ids.length, 350);
  assert.equal(bed.claim(['b'], { limit: 10 }).ids.length, 10);
});

test('a claimed task is leased, has used an attempt, and has the time of its claim', (t) => {
  const bed = testLedger(t);
  const id = bed.add();
  bed.now += SECOND;
  const { tasks, expiresAt } = bed.claim(['a'], { leaseSeconds: 45 });
  assert.equal(expiresAt, bed.now + 45 * SECOND);
  assert.equal(tasks.length, 1);
  const task = tasks[0];
  assert.ok(task);
  assert.deepEqual([task.id, task.state, task.attempt, task.claimedAt], [id, 'leased', 1, bed.now]);
  assert.partialDeepStrictEqual(bed.row(id), task);
});

test('a leased task is not claimed again', (t) => {
  const bed = testLedger(t);
  bed.addMany(3);
  assert.equal(bed.claim(['a']).ids.length, 3);
  assert.deepEqual(bed.claim(['a']).ids, []);
});

test('a claim takes only tasks of the types that it lists', (t) => {
  const bed = testLedger(t);
  bed.add({ type: 'foreign', priority: 100 });
  const own = bed.add({ type: 'a' });
  assert.deepEqual(bed.claim(['a', 'none']).ids, [own]);
});

test('each want has its own limit, and one lease spans both lanes', (t) => {
  const bed = testLedger(t);
  const cpu = bed.addMany(5, { type: 'heavy' });
  const io = bed.addMany(5, { type: 'email' });
  const leaseId = randomUUID();
  const grant = bed.ledger.claim({
    leaseId,
    runner: 'r',
    leaseSeconds: 30,
    wants: [
      { types: ['heavy'], limit: 2 },
      { types: ['email', 'none'], limit: 3 },
    ],
  });
  const ids = grant.tasks.map((task) => task.id);
  assert.deepEqual(ids, [...cpu.slice(0, 2), ...io.slice(0, 3)]);
  const { extended, lost } = bed.ledger.heartbeat([{ leaseId, holds: ids }]);
  assert.equal(extended.length, 1);
  assert.deepEqual(lost, []);
});

test('`ready` counts what is left of the wanted types, up to 1,000', (t) => {
  const bed = testLedger(t);
  bed.addMany(5, { type: 'a' });
  bed.addMany(2, { type: 'b' });
  bed.addMany(9, { type: 'foreign' });
  bed.add({ type: 'a', runAt: START + MINUTE });
  assert.equal(bed.claim(['a', 'b'], { limit: 3 }).ready, 4);
  assert.equal(bed.claim(['a', 'b']).ready, 0);
  bed.addMany(1500, { type: 'c' });
  assert.equal(bed.claim(['c'], { limit: 1 }).ready, 1000);
});

test('a claim that finds no tasks creates no lease', (t) => {
  const bed = testLedger(t);
  const empty = bed.claim(['a']);
  assert.deepEqual([empty.ids, empty.ready, empty.expiresAt], [[], 0, START + 30 * SECOND]);
  assert.equal(bed.ledger.nextTickAt(), null);
  const id = bed.add();
  assert.deepEqual(bed.claim(['a'], { leaseId: empty.leaseId }).ids, [id]);
});

describe('size', () => {
  test('a claim stops at 8 MB of payload and leaves the rest ready', (t) => {
    const bed = testLedger(t);
    const ids = bed.addMany(10, { payload: JSON.stringify('x'.repeat(MIB - 2)) });
    const { ids: claimed, ready } = bed.claim(['a']);
    assert.deepEqual(claimed, ids.slice(0, 8));
    assert.equal(ready, 2);
    assert.deepEqual(bed.claim(['a']).ids, ids.slice(8));
  });

  test('payloads are counted in bytes, not in characters', (t) => {
    const bed = testLedger(t);
    bed.addMany(10, { payload: JSON.stringify('€'.repeat(MIB / 2)) });
    const bytes = bed.claim(['a']).tasks.reduce((sum, task) => sum + byteLength(task.payload ?? ''), 0);
    assert.ok(bytes <= MAX_ANSWER_BYTES);
  });

  test('a task that is larger than the limit is claimed alone', (t) => {
    const bed = testLedger(t);
    const ids = bed.addMany(2, { payload: JSON.stringify('x'.repeat(9 * MIB)) });
    assert.deepEqual(bed.claim(['a']).ids, ids.slice(0, 1));
  });

  test('the answer stays within the size limit of a call, even if its tasks have failed often', (t) => {
    const bed = testLedger(t);
    bed.addMany(1000, { maxAttempts: 100 });
    const error = { code: 'broken', message: '€'.repeat(MAX_ERROR_MESSAGE_LENGTH) };
    const attempt = { attempt: 1, runner: 'r', startedAt: START, endedAt: START, error };
    // Written directly to the database, because ten thousand failures would take too long.
    const attempts = JSON.stringify(Array(MAX_KEPT_ATTEMPTS).fill(attempt));
    bed.sql.exec('UPDATE tasks SET attempts = ?, error = ?', attempts, JSON.stringify(error));
    const grant = bed.claim(['a']);
    assert.ok(grant.tasks.length > 0);
    // A text with characters outside Latin-1 takes two bytes per UTF-16 unit.
    assert.ok(2 * JSON.stringify(grant.tasks).length <= RPC_BYTES);
  });
});

describe('a repeated claim', () => {
  test('returns the same tasks and uses no further attempts', (t) => {
    const bed = testLedger(t);
    bed.addMany(5);
    const first = bed.claim(['a'], { limit: 3 });
    bed.now += SECOND;
    const again = bed.claim(['a'], { limit: 3, leaseId: first.leaseId });
    assert.deepEqual(again.tasks, first.tasks);
    assert.equal(again.expiresAt, first.expiresAt);
    assert.equal(again.ready, 2);
  });

  test('returns the same tasks even if its wants have changed', (t) => {
    const bed = testLedger(t);
    bed.addMany(3, { type: 'a' });
    bed.addMany(3, { type: 'b' });
    const first = bed.claim(['a'], { limit: 2 });
    assert.deepEqual(bed.claim(['b'], { limit: 1000, leaseId: first.leaseId }).ids, first.ids);
  });

  test('returns only tasks that the lease still holds, in the order of the claim', (t) => {
    const bed = testLedger(t);
    const low = bed.addMany(2);
    const high = bed.addMany(2, { priority: 1 });
    const { leaseId, ids } = bed.claim(['a']);
    assert.deepEqual(ids, [...high, ...low]);
    bed.succeed(ids[1] ?? '', leaseId);
    bed.ledger.release(leaseId, [ids[2] ?? '']);
    assert.deepEqual(bed.claim(['a'], { leaseId }).ids, [ids[0], ids[3]]);
  });

  test('returns no tasks after the lease has ended, even if tasks are ready', (t) => {
    for (const end of ['settled', 'released', 'expired', 'not named'] as const) {
      const bed = testLedger(t);
      const { id, leaseId } = bed.held({ backoff: { baseSeconds: 0 } });
      if (end === 'settled') bed.succeed(id, leaseId);
      if (end === 'released') bed.ledger.release(leaseId, [id]);
      if (end === 'expired') bed.now += 30 * SECOND;
      if (end === 'not named') bed.ledger.heartbeat([{ leaseId, holds: [] }]);
      bed.add();
      assert.deepEqual(bed.claim(['a'], { leaseId }).ids, [], end);
      assert.ok(bed.claim(['a']).ids.length > 0);
    }
  });

  test('returns no tasks for an hour after the lease has ended', (t) => {
    const bed = testLedger(t);
    const { id, leaseId } = bed.held();
    bed.now += SECOND;
    bed.succeed(id, leaseId);
    const next = bed.add();
    bed.now += HOUR - 1;
    assert.deepEqual(bed.claim(['a'], { leaseId }).ids, []);
    assert.deepEqual(bed.claim(['a']).ids, [next]);
  });

  test('is no longer recognised after that, because the ended lease is deleted', (t) => {
    const bed = testLedger(t);
    const { id, leaseId } = bed.held();
    bed.succeed(id, leaseId);
    bed.now += 2 * HOUR;
    bed.ledger.tick();
    assert.deepEqual(bed.sql.exec('SELECT id FROM leases'), []);
  });
});

test('a failed claim changes nothing, not even tasks that are due or leases that have expired', (t) => {
  const bed = testLedger(t);
  const due = bed.add({ runAt: START + SECOND });
  const { id } = bed.held({ type: 'b' }, { leaseSeconds: 1 });
  bed.now += SECOND;
  assert.throws(() => bed.claim(['a'], { leaseSeconds: Number.NaN }), /NOT NULL/);
  assert.equal(bed.state(due), 'scheduled');
  assert.equal(bed.state(id), 'leased');
});
