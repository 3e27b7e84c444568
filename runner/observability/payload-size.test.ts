import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatSize, measure } from './payload-size.ts';

test('a size is that of the JSON text', () => {
  for (const value of [null, 'a€', 12, true, [], {}, [1, 'b', null], { a: 1, b: [{ c: '' }] }, [[], {}, 0]]) {
    assert.deepEqual(measure(value), { bytes: Buffer.byteLength(JSON.stringify(value)), isWhole: true });
  }
});

test('a value of many parts is not measured to its end', () => {
  const { bytes, isWhole } = measure(Array.from({ length: 1_000_000 }, () => [1]));
  assert.equal(isWhole, false);
  assert.ok(bytes > 1_000_000, 'the length of an array counts at once');
});

test('a value that nests deeper than any payload may is not measured to its end', () => {
  let deep: unknown[] = [];
  for (let depth = 0; depth < 5000; depth += 1) deep = [deep];
  assert.equal(measure(deep).isWhole, false);
});

test('a size is shown in the unit that fits', () => {
  const shown = [12, 2048, 9 * 2 ** 20].map((bytes) => formatSize({ bytes, isWhole: true }));
  assert.deepEqual(shown, ['12 bytes', '2.0 KB', '9.0 MB']);
  assert.equal(formatSize({ bytes: 30_000, isWhole: false }), 'over 29.3 KB');
});
