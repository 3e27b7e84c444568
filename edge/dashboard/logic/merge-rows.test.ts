import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mergeRows } from './merge-rows.ts';

const row = (id: string, status: string) => ({ id, status });

test('rows keep their places and get their new values', () => {
  const merged = mergeRows(
    [row('b', 'pending'), row('a', 'pending')],
    [row('b', 'failed'), row('a', 'pending')],
  );
  assert.deepEqual(merged, {
    rows: [row('b', 'failed'), row('a', 'pending')],
    gone: new Set(),
    added: 0,
  });
});

test('a row that left the page stays in place, and a new row is only counted', () => {
  const merged = mergeRows(
    [row('b', 'pending'), row('a', 'pending')],
    [row('c', 'pending'), row('b', 'pending')],
  );
  assert.deepEqual(
    merged.rows.map(({ id }) => id),
    ['b', 'a'],
  );
  assert.deepEqual(merged.gone, new Set(['a']));
  assert.equal(merged.added, 1);
});
