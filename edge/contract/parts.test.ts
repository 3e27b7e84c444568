import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstPart, split } from './parts.ts';

const sizes = (items: number[], limits: { size: number; items?: number }) =>
  split(items, (size) => size, limits);

test('a part ends before the item that would make it too large', () => {
  assert.deepEqual(sizes([4, 4, 3, 5, 1], { size: 8 }), [[4, 4], [3, 5], [1]]);
});

test('an item that is too large gets a separate part', () => {
  assert.deepEqual(sizes([1, 20, 1], { size: 8 }), [[1], [20], [1]]);
});

test('a part holds no more items than the limit', () => {
  assert.deepEqual(sizes([1, 1, 1, 1, 1], { size: 8, items: 2 }), [[1, 1], [1, 1], [1]]);
});

test('an empty list has no parts', () => {
  assert.deepEqual(sizes([], { size: 8 }), []);
  assert.deepEqual(firstPart([], 8), []);
});

test('the first part has an item even if the item is too large', () => {
  assert.deepEqual(firstPart([{ bytes: 20 }, { bytes: 1 }], 8), [{ bytes: 20 }]);
  assert.deepEqual(firstPart([{ bytes: 4 }, { bytes: 4 }, { bytes: 1 }], 8), [{ bytes: 4 }, { bytes: 4 }]);
});
