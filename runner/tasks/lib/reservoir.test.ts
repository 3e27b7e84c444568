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

test('a reservoir keeps every item of a stream that fits', () => {
  assert.deepEqual(sample(3, 5, 1), [0, 1, 2]);
});

test('a reservoir samples a longer stream evenly from its start to its end', () => {
  const items = sample(100_000, 1000, 1);
  assert.equal(items.length, 1000);
  assert.equal(new Set(items).size, 1000);
  // The limit is four standard errors of the mean of 1,000 uniform draws.
  assert.ok(Math.abs(mean(items) - 50_000) < 4 * 913);
});

test('equal seeds give equal samples', () => {
  assert.deepEqual(sample(1000, 10, 3), sample(1000, 10, 3));
  assert.notDeepEqual(sample(1000, 10, 3), sample(1000, 10, 4));
});
