import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byteLength } from '../../../contract/text.ts';
import { jsonChunks } from './sql.ts';

const TWO_MB = 2_000_000;

const chunksOf = (values: object[]) => [...jsonChunks(values)];
const read = (chunks: string[]): unknown[] => chunks.flatMap((chunk) => JSON.parse(chunk));

test('an empty list of values has no chunks', () => {
  assert.deepEqual(chunksOf([]), []);
});

test('a few values become one JSON array', () => {
  assert.deepEqual(chunksOf([{ a: 1 }, { b: 'é' }]), ['[{"a":1},{"b":"é"}]']);
});

test('many values become several chunks that contain each value once, in order', () => {
  const values = Array.from({ length: 5000 }, (_, n) => ({ n, fill: 'x'.repeat(n % 700) }));
  const chunks = chunksOf(values);
  assert.ok(chunks.length > 1);
  assert.deepEqual(read(chunks), values);
});

test('no chunk is larger than a parameter may be, regardless of the characters', () => {
  for (const character of ['x', '"', 'é', '€', '😀', '\u0000']) {
    const values = Array.from({ length: 40 }, () => ({ text: character.repeat(30_000) }));
    for (const chunk of chunksOf(values)) assert.ok(byteLength(chunk) < TWO_MB, character);
  }
});

test('a value that is larger than a chunk gets a separate chunk', () => {
  const values = [{ n: 1 }, { text: 'x'.repeat(600_000) }, { n: 2 }];
  const chunks = chunksOf(values);
  assert.equal(chunks.length, 3);
  assert.deepEqual(read(chunks), values);
});
