import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MovingAverage } from './moving-average.ts';

test('an average of nothing is undefined', () => {
  assert.equal(new MovingAverage().value, undefined);
});

test('the first value is the average, even if it is zero', () => {
  const average = new MovingAverage();
  average.record(0);
  assert.equal(average.value, 0);
  average.record(8);
  assert.equal(average.value, 2);
});

test('each new value makes up a quarter of the average', () => {
  const average = new MovingAverage();
  for (const value of [100, 200, 0]) average.record(value);
  assert.equal(average.value, 93.75);
});

test('the average approaches a constant value', () => {
  const average = new MovingAverage();
  average.record(1000);
  for (let i = 0; i < 50; i += 1) average.record(10);
  assert.ok(Math.abs((average.value ?? 0) - 10) < 0.01);
});
