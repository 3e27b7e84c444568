import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byteLength } from '../../../contract/text.ts';
import { jsonChunks } from './sql.ts';

const TWO_MB = 2_000_000;

const chunksOf = (values: object[]) => [...jsonChunks(values)];
const read = (chunks: string[]): unknown[] => chunks.flatMap((chunk) => JSON.parse(chunk));

test('no values make no chunk', () => {
  assert.deepEqual(chunksOf([]), []);
});

test('a few values are one JSON array', () => {
  assert.deepEqual(chunksOf([{ a: 1 }, { b: 'é' }]), ['[{"a":1},{"b":"é"}]']);
});

test('many values come back once each, in order', () => {
  const values = Array.from({ length: 5000 }, (_, n) => ({ n, fill: 'x'.repeat(n % 700) }));
  const chunks = chunksOf(values);
  assert.ok(chunks.length > 1);
  assert.deepEqual(read(chunks), values);
});

test('no chunk exceeds what one parameter may hold, whatever the characters', () => {
  for (const character of ['x', '"', 'é', '€', '😀', '\u0000']) {
    const values = Array.from({ length: 40 }, () => ({ text: character.repeat(30_000) }));
    for (const chunk of chunksOf(values)) assert.ok(byteLength(chunk) < TWO_MB, character);
  }
});

test('a value larger than a chunk has one of its own', () => {
  const values = [{ n: 1 }, { text: 'x'.repeat(600_000) }, { n: 2 }];
  const chunks = chunksOf(values);
  assert.equal(chunks.length, 3);
  assert.deepEqual(read(chunks), values);
});
