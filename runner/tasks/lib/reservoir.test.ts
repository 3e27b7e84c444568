import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mean } from 'simple-statistics';
import { seededRandom } from './random.ts';
import { Reservoir } from './reservoir.ts';

function sample(length: number, capacity: number, seed: number): number[] {
  const reservoir = new Reservoir<number>(capacity, seededRandom(seed));
  for (let item = 0; item < length; item += 1) reservoir.add(item);
  return reservoir.items;
}

test('a stream that fits is kept whole', () => {
  assert.deepEqual(sample(3, 5, 1), [0, 1, 2]);
});

test('a longer stream is sampled from end to end', () => {
  const items = sample(100_000, 1000, 1);
  assert.equal(items.length, 1000);
  assert.equal(new Set(items).size, 1000);
  // Four standard errors of the mean of 1,000 uniform draws.
  assert.ok(Math.abs(mean(items) - 50_000) < 4 * 913);
});

test('equal seeds draw equal samples', () => {
  assert.deepEqual(sample(1000, 10, 3), sample(1000, 10, 3));
  assert.notDeepEqual(sample(1000, 10, 3), sample(1000, 10, 4));
});
