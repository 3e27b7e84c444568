import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_LIVE_TYPES, MAX_STORED_TYPES } from '../../../contract/limits.ts';
import { testLedger } from '../testing.ts';

test('a type is known from its first task on, even if that task is cancelled', (t) => {
  const bed = testLedger(t);
  assert.deepEqual(bed.ledger.unknownTypes(['a', 'b']), ['a', 'b']);
  const id = bed.add({ type: 'b' });
  assert.deepEqual(bed.ledger.unknownTypes(['a', 'b', 'c']), ['a', 'c']);
  bed.ledger.cancel(id);
  assert.deepEqual(bed.ledger.unknownTypes(['a', 'b', 'c']), ['a', 'c']);
});

test('the types are full with 10,000 live types', (t) => {
  const bed = testLedger(t);
  const tasks = Array.from({ length: MAX_LIVE_TYPES - 1 }, (_, n) => bed.task({ type: `type-${n}` }));
  bed.ledger.insert(tasks);
  assert.equal(bed.ledger.typesFull(), false);
  bed.add({ type: 'last' });
  assert.equal(bed.ledger.typesFull(), true);
  assert.deepEqual(bed.ledger.unknownTypes(['type-7', 'last', 'new']), ['new']);
});

test('beyond the maximum number of types, tasks of new types fail, and tasks of known types are inserted', (t) => {
  const bed = testLedger(t);
  const types = Array.from({ length: MAX_STORED_TYPES }, (_, n) => bed.task({ type: `type-${n}` }));
  bed.ledger.insert(types);
  const [known, surplus] = [bed.task({ type: 'type-1' }), bed.task({ type: 'one-more' })];
  bed.ledger.insert([known, surplus]);
  assert.equal(bed.state(known.id), 'ready');
  const { state, type, error, maxAttempts } = bed.row(surplus.id);
  assert.deepEqual([state, type, error?.code, maxAttempts], ['failed', 'invalid', 'invalid_task', 0]);
  assert.match(
    error?.message ?? '',
    /"one-more" is new, and the ledger has reached its limit of 20000 types/,
  );
});
