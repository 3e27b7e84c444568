import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openSqlite } from '../store/sqlite.ts';
import { HOUR, MINUTE, recording, SECOND, START, TestLedger, testLedger } from '../testing.ts';

const iso = (ms: number) => new Date(ms).toISOString();

const NONE = { scheduled: 0, ready: 0, processing: 0, completed: 0, failed: 0, cancelled: 0 };
const NO_TOTALS = { completed: 0, failed: 0, cancelled: 0, retries: 0, leaseExpiries: 0 };

function typeOf(bed: TestLedger, name: string) {
  const type = bed.ledger.stats().types.find(({ type }) => type === name);
  assert.ok(type, `No type ${name}`);
  return type;
}

describe('the counts', () => {
  test('follow the tasks of each type through their states', (t) => {
    const bed = testLedger(t);
    bed.addMany(5);
    bed.add({ runAt: bed.now + HOUR });
    bed.add({ type: 'b' });
    const { ids, leaseId } = bed.claim(['a'], { limit: 4 });
    const [done, broken, off] = ids;
    assert.ok(done && broken && off);
    bed.succeed(done, leaseId);
    bed.fail(broken, leaseId, { error: { code: 'wrong', message: 'It is', retryable: false } });
    bed.ledger.cancel(off);
    const counts = { scheduled: 1, ready: 1, processing: 1, completed: 1, failed: 1, cancelled: 1 };
    assert.deepEqual(typeOf(bed, 'a').counts, counts);
    assert.deepEqual(typeOf(bed, 'b').counts, { ...NONE, ready: 1 });
    assert.deepEqual(bed.ledger.stats().counts, { ...counts, ready: 2 });
  });

  test('match the ledger after a call that failed', (t) => {
    const bed = testLedger(t);
    assert.throws(() => bed.ledger.insert([bed.task(), bed.task({ priority: 0.5 })]), /INTEGER/);
    assert.deepEqual(bed.ledger.stats().counts, NONE);
  });

  test('are read without reading any task', (t) => {
    const sql = openSqlite();
    t.after(() => sql.close());
    const port = recording(sql);
    const bed = new TestLedger(port);
    bed.addMany(3, { runAt: START + HOUR });
    port.statements.length = 0;
    bed.ledger.stats();
    const plans = port.statements.flatMap(({ query, params }) =>
      sql.exec<{ detail: string }>(`EXPLAIN QUERY PLAN ${query}`, ...params).map((row) => row.detail),
    );
    assert.ok(plans.length > 0);
    assert.deepEqual(
      plans.filter((detail) => /SCAN tasks(?! USING)/.test(detail)),
      [],
    );
  });
});

describe('the totals', () => {
  test('count how attempts and tasks ended', (t) => {
    const bed = testLedger(t);
    const retried = bed.held();
    bed.fail(retried.id, retried.leaseId);
    bed.held({}, { leaseSeconds: 10 });
    bed.now += 11 * SECOND;
    bed.ledger.tick();
    const off = bed.add();
    bed.ledger.cancel(off);
    assert.deepEqual(typeOf(bed, 'a').totals, { ...NO_TOTALS, cancelled: 1, retries: 2, leaseExpiries: 1 });
  });

  test('continue to count when ended tasks are retried', (t) => {
    const bed = testLedger(t);
    for (let round = 0; round < 2; round += 1) {
      const id = round === 0 ? bed.add() : (bed.ledger.list({ limit: 1 }).tasks[0]?.id ?? '');
      bed.ledger.cancel(id);
      bed.ledger.retry(id);
    }
    assert.deepEqual(typeOf(bed, 'a').totals, { ...NO_TOTALS, cancelled: 2 });
    assert.deepEqual(typeOf(bed, 'a').counts, { ...NONE, ready: 1 });
  });

  test('are deleted a day after the last task of their type is gone', (t) => {
    const bed = testLedger(t);
    bed.sql.exec("INSERT INTO types VALUES ('gone', 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, ?1)", START);
    bed.add();
    bed.now += 25 * HOUR;
    bed.ledger.tick();
    assert.deepEqual(
      bed.ledger.stats().types.map(({ type }) => type),
      ['a'],
    );
  });
});

describe('the minutes of the last hour', () => {
  test('contain how many tasks ended, and how long they waited and ran', (t) => {
    const bed = testLedger(t);
    const ids = bed.addMany(3);
    bed.now += 2 * SECOND;
    const { leaseId } = bed.claim(['a']);
    bed.now += 10 * SECOND;
    bed.ledger.settle(ids.slice(0, 2).map((taskId) => ({ taskId, leaseId, success: true })));
    bed.fail(ids[2] ?? '', leaseId, { error: { code: 'wrong', message: 'It is', retryable: false } });
    const [minute, ...others] = bed.ledger.stats().minutes;
    assert.ok(minute?.waitMs && minute.runMs);
    assert.deepEqual(others, []);
    assert.deepEqual([minute.minute, minute.completed, minute.failed], [iso(START), 2, 1]);
    assert.ok(Math.abs(minute.waitMs.p50 - 2000) < 200, `waited ${minute.waitMs.p50} ms`);
    assert.ok(Math.abs(minute.runMs.p95 - 10_000) < 1000, `ran ${minute.runMs.p95} ms`);
  });

  test('cover one hour and are deleted after it', (t) => {
    const bed = testLedger(t);
    for (let minute = 0; minute < 90; minute += 1) {
      const { id, leaseId } = bed.held();
      bed.succeed(id, leaseId);
      bed.now += MINUTE;
    }
    const { minutes } = bed.ledger.stats();
    assert.equal(minutes.length, 59);
    assert.equal(minutes.at(-1)?.minute, iso(bed.now - MINUTE));
    bed.ledger.tick();
    const [kept] = bed.sql.exec<{ count: number }>('SELECT count(*) AS count FROM minutes');
    assert.ok(kept && kept.count <= 70);
  });
});

describe('the oldest waiting task', () => {
  test('is the task that could have been claimed first, regardless of its type and priority', (t) => {
    const bed = testLedger(t);
    bed.now += MINUTE;
    bed.add({ priority: 5 });
    bed.now -= MINUTE;
    const oldest = bed.add({ type: 'b', priority: -100 });
    bed.now += 2 * MINUTE;
    bed.add({ type: 'b', priority: 100 });
    bed.add({ runAt: bed.now + 1 });
    assert.deepEqual(bed.ledger.stats().oldestWaiting, { taskId: oldest, type: 'b', since: iso(START) });
  });

  test('is absent if no task waits', (t) => {
    const bed = testLedger(t);
    bed.held();
    assert.equal(bed.ledger.stats().oldestWaiting, undefined);
  });
});

test('at most 200 types are shown, those with the most live tasks first', (t) => {
  const bed = testLedger(t);
  for (let type = 0; type < 250; type += 1) bed.add({ type: `t${type}` });
  bed.addMany(2, { type: 'busy' });
  const { types, counts } = bed.ledger.stats();
  assert.equal(types.length, 200);
  assert.equal(types[0]?.type, 'busy');
  assert.equal(counts.ready, 252);
});

test('with 10,000 types, the number of look-ups is limited and all tasks are counted', (t) => {
  const sql = openSqlite();
  t.after(() => sql.close());
  const port = recording(sql);
  const bed = new TestLedger(port);
  const tasks = Array.from({ length: 20_000 }, (_, index) =>
    bed.task({ type: `t${index % 10_000}`, priority: Math.floor(index / 10_000) }),
  );
  bed.ledger.insert(tasks);
  for (let type = 0; type < 300; type += 1) bed.ledger.pause(`p${type}`);
  port.statements.length = 0;
  const { types, counts, oldestWaiting } = bed.ledger.stats();
  assert.deepEqual([types.length, counts.ready], [200, 20_000]);
  assert.ok(oldestWaiting);
  assert.ok(port.statements.length <= 505, `${port.statements.length} statements`);
});
