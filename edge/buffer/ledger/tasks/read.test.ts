import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { versionOf } from '../../../contract/version.ts';
import { MINUTE, START, type TestLedger, testLedger } from '../testing.ts';

const idsOf = (tasks: readonly { id: string }[]) => tasks.map((task) => task.id);

/** Follows the cursor to its end. */
function pages(bed: TestLedger, filter: { type?: string; limit: number }): string[][] {
  const found: string[][] = [];
  let cursor: string | undefined;
  do {
    const page = bed.ledger.list({ ...filter, cursor });
    found.push(idsOf(page.tasks));
    cursor = page.nextCursor ?? undefined;
    assert.ok(found.length <= 100, 'The list has no end');
  } while (cursor);
  return found;
}

test('an unknown task is not found', (t) => {
  const bed = testLedger(t);
  assert.deepEqual(bed.ledger.find(bed.task().id), { unknown: true });
});

describe('list', () => {
  test('tasks are listed newest first, with their state and when they ended', (t) => {
    const bed = testLedger(t);
    const done = bed.held();
    bed.now += MINUTE;
    bed.succeed(done.id, done.leaseId);
    const ready = bed.add({ type: 'b', tags: ['x', 'y'] });
    const { tasks, nextCursor } = bed.ledger.list({ limit: 10 });
    assert.deepEqual(
      tasks.map((task) => ({ ...task })),
      [
        { id: ready, type: 'b', state: 'ready', attempt: 0, completedAt: null, tags: ['x', 'y'] },
        { id: done.id, type: 'a', state: 'completed', attempt: 1, completedAt: bed.now, tags: null },
      ],
    );
    assert.equal(nextCursor, null);
  });

  test('the cursor leads through every task once', (t) => {
    const bed = testLedger(t);
    const ids = bed.addMany(25);
    const found = pages(bed, { limit: 10 });
    assert.deepEqual(
      found.map((page) => page.length),
      [10, 10, 5],
    );
    assert.deepEqual(found.flat(), ids.toReversed());
  });

  test('a tag finds the tasks that have it among theirs', (t) => {
    const bed = testLedger(t);
    const both = bed.add({ tags: ['x', 'y'] });
    const one = bed.add({ tags: ['y'] });
    bed.add({ tags: ['xy'] });
    bed.add();
    assert.deepEqual(idsOf(bed.ledger.list({ tag: 'y', limit: 10 }).tasks), [one, both]);
    assert.deepEqual(idsOf(bed.ledger.list({ tag: 'x', limit: 10 }).tasks), [both]);
    assert.deepEqual(idsOf(bed.ledger.list({ tag: 'z', limit: 10 }).tasks), []);
  });

  test('a range of ids takes its first and not what follows its last, wherever the cursor is', (t) => {
    const bed = testLedger(t);
    const ids = bed.addMany(5);
    const [, from, , before] = ids;
    const listed = (cursor?: string) => idsOf(bed.ledger.list({ from, before, cursor, limit: 10 }).tasks);
    assert.deepEqual(listed(), [ids[2], ids[1]]);
    assert.deepEqual(listed(ids[4]), [ids[2], ids[1]]);
    assert.deepEqual(listed(ids[2]), [ids[1]]);
  });

  test('tasks that come meanwhile do not disturb the pages', (t) => {
    const bed = testLedger(t);
    const ids = bed.addMany(4);
    const first = bed.ledger.list({ limit: 2 });
    bed.addMany(3);
    const second = bed.ledger.list({ limit: 2, cursor: first.nextCursor ?? '' });
    assert.deepEqual([...idsOf(first.tasks), ...idsOf(second.tasks)], ids.toReversed());
  });

  test('states and type filter, each by itself and together', (t) => {
    const bed = testLedger(t);
    const scheduled = bed.add({ runAt: START + MINUTE });
    const ready = bed.add();
    const other = bed.add({ type: 'b' });
    const list = (filter: { states?: ('ready' | 'scheduled' | 'leased')[]; type?: string }) =>
      idsOf(bed.ledger.list({ ...filter, limit: 10 }).tasks);
    assert.deepEqual(list({ states: ['ready', 'scheduled'] }), [other, ready, scheduled]);
    assert.deepEqual(list({ states: ['scheduled'] }), [scheduled]);
    assert.deepEqual(list({ type: 'b' }), [other]);
    assert.deepEqual(list({ states: ['ready'], type: 'a' }), [ready]);
    assert.deepEqual(list({ states: ['leased'] }), []);
    assert.deepEqual(list({ type: 'none' }), []);
  });

  test('a filtered page looks at 10,000 rows at most, and its cursor goes on from there', (t) => {
    const bed = testLedger(t);
    const old = bed.addMany(5, { type: 'rare' });
    bed.addMany(10_000, { type: 'common' });
    const first = bed.ledger.list({ type: 'rare', limit: 10 });
    assert.deepEqual(first.tasks, []);
    assert.ok(first.nextCursor);
    const second = bed.ledger.list({ type: 'rare', limit: 10, cursor: first.nextCursor });
    assert.deepEqual([idsOf(second.tasks), second.nextCursor], [old.toReversed(), null]);
  });

  test('a filtered page that ends within its bound loses nothing at the edge', (t) => {
    const bed = testLedger(t);
    const oldest = bed.add({ type: 'rare' });
    bed.addMany(9_998, { type: 'common' });
    const edge = bed.add({ type: 'rare' });
    const newest = bed.add({ type: 'rare' });
    assert.deepEqual(pages(bed, { type: 'rare', limit: 10 }).flat(), [newest, edge, oldest]);
    assert.deepEqual(pages(bed, { type: 'rare', limit: 2 }).flat(), [newest, edge, oldest]);
    assert.deepEqual(pages(bed, { type: 'rare', limit: 1 }).flat(), [newest, edge, oldest]);
  });
});

describe('ready', () => {
  test('what may run now is listed in the order in which it would be claimed, across all types', (t) => {
    const bed = testLedger(t);
    const low = bed.add({ type: 'b', priority: -1 });
    const mid = bed.addMany(2, { type: 'c' });
    const high = bed.add({ type: 'a', priority: 1 });
    bed.add({ runAt: START + MINUTE });
    bed.held({ type: 'd' });
    assert.deepEqual(idsOf(bed.ledger.ready(10)), [high, ...mid, low]);
    assert.deepEqual(idsOf(bed.ledger.ready(2)), [high, mid[0]]);
    assert.deepEqual(bed.claim(['a', 'b', 'c']).ids, [high, ...mid, low]);
    assert.deepEqual(bed.ledger.ready(10), []);
  });

  test('reading changes nothing: a task whose time has come is not ready yet', (t) => {
    const bed = testLedger(t);
    bed.add({ runAt: START + 1 });
    bed.now += MINUTE;
    assert.deepEqual(bed.ledger.ready(10), []);
  });

  test('a list stops at 1 MB of payload, after the first task', (t) => {
    const bed = testLedger(t);
    const payload = (bytes: number) => JSON.stringify('x'.repeat(bytes - 2));
    bed.addMany(17, { payload: payload(64 * 1024) });
    assert.equal(bed.ledger.ready(100).length, 16);
    assert.equal(bed.ledger.listActive(100).length, 16);
    const large = bed.add({ priority: 1, payload: payload(2 * 1024 * 1024) });
    assert.deepEqual(idsOf(bed.ledger.ready(100)), [large]);
    assert.deepEqual(idsOf(bed.ledger.listActive(100)), [large]);
  });
});

describe('listActive', () => {
  test('what has not ended is listed: what runs, what may run, what waits, each in its order', (t) => {
    const bed = testLedger(t);
    const running = bed.held({ type: 'r' }).id;
    const one = bed.add({ type: 's' });
    assert.ok('claimed' in bed.ledger.claimOne(one));
    const later = bed.add({ runAt: START + 2 * MINUTE });
    const sooner = bed.add({ runAt: START + MINUTE });
    const low = bed.add({ type: 'b' });
    const high = bed.add({ type: 'a', priority: 1 });
    const done = bed.held({ type: 'd' });
    bed.succeed(done.id, done.leaseId);
    const alive = idsOf(bed.ledger.listActive(100));
    assert.deepEqual(alive.slice(0, 2).toSorted(), [running, one].toSorted());
    assert.deepEqual(alive.slice(2), [high, low, sooner, later]);
    assert.equal(bed.ledger.listActive(3).length, 3);
  });

  test('a task whose lease was partly settled or released is listed once, as what it is now', (t) => {
    const bed = testLedger(t);
    const ids = bed.addMany(4);
    const [done, failed, released, held] = ids;
    assert.ok(done && failed && released && held);
    const { leaseId } = bed.claim(['a']);
    bed.succeed(done, leaseId);
    bed.fail(failed, leaseId);
    bed.ledger.release(leaseId, [released]);
    const alive = bed.ledger.listActive(100).map(({ id, state }) => [id, state]);
    assert.deepEqual(alive, [
      [held, 'leased'],
      [released, 'ready'],
      [failed, 'scheduled'],
    ]);
  });
});

test('of more than 500 types the first 500 by name are listed', (t) => {
  const bed = testLedger(t);
  const tasks = Array.from({ length: 700 }, (_, index) => bed.task({ type: `t${1000 + index}` }));
  bed.ledger.insert(tasks);
  assert.equal(bed.ledger.ready(1000).length, 500);
  assert.equal(bed.ledger.listActive(1000).length, 500);
  assert.equal(bed.ledger.claimable('any').size, 500);
});

test('the versions of tasks are those of their states and progress, whatever leases they are under', (t) => {
  const bed = testLedger(t);
  const one = bed.held();
  const other = bed.held();
  const waiting = bed.add({ type: 'b' });
  const value = JSON.stringify({ done: 0.1 + 0.2 });
  bed.ledger.heartbeat([
    { leaseId: one.leaseId, holds: [one.id], progress: [{ taskId: one.id, value }] },
    { leaseId: other.leaseId, holds: [other.id] },
  ]);
  const ids = [one.id, other.id, waiting];
  const versions = bed.ledger.versions([...ids, 'unknown']);
  assert.equal(versions.size, 3);
  for (const id of ids) assert.equal(versions.get(id), versionOf(bed.row(id)));
  assert.equal(bed.row(one.id).progress, value);
});
