import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openSqlite } from '../store/sqlite.ts';
import { recording, START, TestLedger, testLedger } from '../testing.ts';
import { firstReady, QueueOrder } from './queue-order.ts';

const TYPES = Array.from({ length: 50 }, (_, index) => `type-${index}`);

/** Inserts tasks of many types and priorities in a mixed order. */
function fill(bed: TestLedger, count: number): void {
  const tasks = Array.from({ length: count }, (_, n) => {
    bed.now = START + ((n * 7919) % 1000);
    return bed.task({ type: TYPES[(n * 31) % TYPES.length] ?? '', priority: ((n * 13) % 5) - 2 });
  });
  bed.now = START + 2000;
  bed.ledger.insert(tasks);
}

test('tasks of many types are ordered by priority, then time, then id', (t) => {
  const bed = testLedger(t);
  fill(bed, 2000);
  const tasks = firstReady(bed.sql, TYPES, 2000);
  assert.equal(tasks.length, 2000);
  const expected = tasks.toSorted(
    (a, b) => b.priority - a.priority || a.run_at - b.run_at || (a.id < b.id ? -1 : 1),
  );
  assert.deepEqual(tasks, expected);
});

test('a skipped type does not occur again, and the other types stay in order', (t) => {
  const bed = testLedger(t);
  fill(bed, 500);
  const order = new QueueOrder(bed.sql, TYPES, 10);
  const skipped = order.peek()?.type;
  order.skipType();
  const rest = [];
  for (let task = order.take(); task; task = order.take()) rest.push(task);
  assert.equal(rest.length, 500 - 10);
  assert.ok(rest.every(({ type }) => type !== skipped));
});

test('taking a few tasks reads few rows, even if their types have many tasks', (t) => {
  const sql = openSqlite();
  t.after(() => sql.close());
  const port = recording(sql);
  const bed = new TestLedger(port);
  fill(bed, 5000);
  port.statements.length = 0;
  assert.equal(firstReady(port, TYPES, 10).length, 10);
  const limits = port.statements.map(({ params }) => Number(params[1]));
  assert.ok(limits.reduce((sum, limit) => sum + limit, 0) <= 10 * TYPES.length);
});
