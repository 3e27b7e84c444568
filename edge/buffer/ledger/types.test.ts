import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_LIVE_TYPES } from '../../contract/limits.ts';
import { testLedger } from './testing.ts';

test('a type is known from its first task on, whatever became of it', (t) => {
  const bed = testLedger(t);
  assert.deepEqual(bed.ledger.unknownTypes(['a', 'b']), ['a', 'b']);
  const id = bed.add({ type: 'b' });
  assert.deepEqual(bed.ledger.unknownTypes(['a', 'b', 'c']), ['a', 'c']);
  bed.ledger.cancel(id);
  assert.deepEqual(bed.ledger.unknownTypes(['a', 'b', 'c']), ['a', 'c']);
});

test('no new type fits beside 10,000 live ones', (t) => {
  const bed = testLedger(t);
  const tasks = Array.from({ length: MAX_LIVE_TYPES - 1 }, (_, n) => bed.task({ type: `type-${n}` }));
  bed.ledger.insert(tasks);
  assert.equal(bed.ledger.typesFull(), false);
  bed.add({ type: 'last' });
  assert.equal(bed.ledger.typesFull(), true);
  assert.deepEqual(bed.ledger.unknownTypes(['type-7', 'last', 'new']), ['new']);
});
