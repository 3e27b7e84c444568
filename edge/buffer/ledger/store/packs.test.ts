import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOUR, START, type TestLedger, testLedger } from '../testing.ts';
import { leavePacks } from './packs.ts';

const payloadOf = (n: number, bytes: number) => JSON.stringify({ n, text: 'x'.repeat(bytes - 20) });

function packs(bed: TestLedger) {
  return bed.sql.exec<{ id: number; tasks: number; bytes: number }>(
    'SELECT id, tasks, octet_length(data) AS bytes FROM packs ORDER BY id',
  );
}

function packOf(bed: TestLedger, id: string): number {
  return bed.sql.exec<{ pack: number }>('SELECT pack FROM tasks WHERE id = ?', id)[0]?.pack ?? 0;
}

test('the payloads over 512 bytes of one insert share packs of up to 64 KB', (t) => {
  const bed = testLedger(t);
  const tasks = Array.from({ length: 100 }, (_, n) => bed.task({ payload: payloadOf(n, 1000) }));
  bed.ledger.insert(tasks);
  assert.deepEqual(
    packs(bed).map((pack) => pack.tasks),
    [65, 35],
  );
  assert.ok(packs(bed).every(({ bytes }) => bytes <= 65_536));
});

test('a short payload stays in its row', (t) => {
  const bed = testLedger(t);
  bed.add({ payload: payloadOf(1, 500) });
  assert.deepEqual(packs(bed), []);
});

test('every payload is read as it was written, regardless of its characters', (t) => {
  const bed = testLedger(t);
  const payloads = ['é', '𝄞', 'x', '\u0000', '中', '"'].map((text) =>
    JSON.stringify({ text: text.repeat(700) }),
  );
  const tasks = payloads.map((payload) => bed.task({ payload }));
  bed.ledger.insert(tasks);
  assert.deepEqual(
    tasks.map(({ id }) => bed.row(id).payload),
    payloads,
  );
  assert.deepEqual(
    bed.claim(['a']).tasks.map(({ payload }) => payload),
    payloads,
  );
});

test('a repeated delivery adds no pack', (t) => {
  const bed = testLedger(t);
  const task = bed.task({ payload: payloadOf(1, 1000) });
  bed.ledger.insert([task]);
  bed.ledger.insert([task]);
  assert.equal(packs(bed).length, 1);
});

test('a task that may live long does not share a pack with tasks that end soon', (t) => {
  const bed = testLedger(t);
  const tasks = [0, 10 * HOUR, 0, 10 * HOUR].map((wait, n) =>
    bed.task({ payload: payloadOf(n, 1000), ...(wait > 0 && { runAt: START + wait }) }),
  );
  bed.ledger.insert(tasks);
  const [first, second, third, fourth] = tasks.map(({ id }) => packOf(bed, id));
  assert.equal(first, third);
  assert.equal(second, fourth);
  assert.notEqual(first, second);
});

test('a pack is deleted with the last of its tasks', (t) => {
  const bed = testLedger(t);
  bed.ledger.insert([1, 2, 3].map((n) => bed.task({ payload: payloadOf(n, 1000) })));
  const [pack] = packs(bed);
  assert.ok(pack);
  leavePacks(bed.sql, [pack.id, pack.id]);
  assert.equal(packs(bed)[0]?.tasks, 1);
  leavePacks(bed.sql, [pack.id]);
  assert.deepEqual(packs(bed), []);
});
