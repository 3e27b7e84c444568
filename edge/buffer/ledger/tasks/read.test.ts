import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { versionOf } from '../../../contract/version.ts';
import { MINUTE, START, type TestLedger, testLedger } from '../testing.ts';

const idsOf = (tasks: readonly { id: string }[]) => tasks.map((task) => task.id);

/** Reads all pages by their cursors. */
function pages(bed: TestLedger, filter: { type?: string; limit: number }): string[][] {
  const found: string[][] = [];
  let cursor: string | undefined;
  do {
    const page = bed.ledger.list({ ...filter, cursor });
    found.push(idsOf(page.tasks));
    cursor = page.nextCursor ?? undefined;
    assert.ok(found.length <= 100, 'The list does not end');
  } while (cursor);
  return found;
}

test('an unknown task is not found', (t) => {
  const bed = testLedger(t);
  assert.deepEqual(bed.ledger.find(bed.task().id), { unknown: true });
});

describe('list', () => {
  test('returns tasks newest first, with their state and the time of their end', (t) => {
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

  test('returns every task once if the cursor is followed', (t) => {
    const bed = testLedger(t);
    const ids = bed.addMany(25);
    const found = pages(bed, { limit: 10 });
    assert.deepEqual(
      found.map((page) => page.length),
      [10, 10, 5],
    );
    assert.deepEqual(found.flat(), ids.toReversed());
  });

  test('filters by tag', (t) => {
    const bed = testLedger(t);
    const both = bed.add({ tags: ['x', 'y'] });
    const one = bed.add({ tags: ['y'] });
    bed.add({ tags: ['xy'] });
    bed.add();
    assert.deepEqual(idsOf(bed.ledger.list({ tag: 'y', limit: 10 }).tasks), [one, both]);
    assert.deepEqual(idsOf(bed.ledger.list({ tag: 'x', limit: 10 }).tasks), [both]);
    assert.deepEqual(idsOf(bed.ledger.list({ tag: 'z', limit: 10 }).tasks), []);
  });

  test('includes the start of an id range and excludes its end, regardless of the cursor', (t) => {
    const bed = testLedger(t);
    const ids = bed.addMany(5);
    const [, from, , before] = ids;
    const listed = (cursor?: string) => idsOf(bed.ledger.list({ from, before, cursor, limit: 10 }).tasks);
    assert.deepEqual(listed(), [ids[2], ids[1]]);
    assert.deepEqual(listed(ids[4]), [ids[2], ids[1]]);
    assert.deepEqual(listed(ids[2]), [ids[1]]);
  });

  test('returns the same pages if tasks are inserted meanwhile', (t) => {
    const bed = testLedger(t);
    const ids = bed.addMany(4);
    const first = bed.ledger.list({ limit: 2 });
    bed.addMany(3);
    const second = bed.ledger.list({ limit: 2, cursor: first.nextCursor ?? '' });
    assert.deepEqual([...idsOf(first.tasks), ...idsOf(second.tasks)], ids.toReversed());
  });

  test('filters by states, by type, and by both', (t) => {
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

  test('scans at most 10,000 rows for a filtered page, and its cursor continues there', (t) => {
    const bed = testLedger(t);
    const old = bed.addMany(5, { type: 'rare' });
    bed.addMany(10_000, { type: 'common' });
    const first = bed.ledger.list({ type: 'rare', limit: 10 });
    assert.deepEqual(first.tasks, []);
    assert.ok(first.nextCursor);
    const second = bed.ledger.list({ type: 'rare', limit: 10, cursor: first.nextCursor });
    assert.deepEqual([idsOf(second.tasks), second.nextCursor], [old.toReversed(), null]);
  });

  test('skips no task at the end of a filtered page', (t) => {
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
  test('returns the tasks of all types that may run now, in the order of claims', (t) => {
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

  test('changes nothing: a task whose time has come is not ready yet', (t) => {
    const bed = testLedger(t);
    bed.add({ runAt: START + 1 });
    bed.now += MINUTE;
    assert.deepEqual(bed.ledger.ready(10), []);
  });

  test('stops at 1 MB of payloads after the first task, and so does listActive', (t) => {
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
  test('returns running tasks, then ready tasks, then scheduled tasks, each in their order', (t) => {
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

  test('returns a task of a partly settled or released lease once, with its current state', (t) => {
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

test('lists contain only the first 500 types by name', (t) => {
  const bed = testLedger(t);
  const tasks = Array.from({ length: 700 }, (_, index) => bed.task({ type: `t${1000 + index}` }));
  bed.ledger.insert(tasks);
  assert.equal(bed.ledger.ready(1000).length, 500);
  assert.equal(bed.ledger.listActive(1000).length, 500);
  assert.equal(bed.ledger.claimable('any').size, 500);
});

test('the version of a task depends on its state and progress, not on its lease', (t) => {
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
