import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backoffDelayMs } from './backoff.ts';

const ALMOST_ONE = 1 - Number.EPSILON;

test('the ceiling doubles with each attempt, from one second', () => {
  const ceilings = [1, 2, 3, 4, 5].map((attempt) => backoffDelayMs({}, attempt, ALMOST_ONE));
  assert.deepEqual(ceilings, [1000, 2000, 4000, 8000, 16_000]);
});

test('the delay is between zero and the ceiling', () => {
  assert.equal(backoffDelayMs({}, 3, 0), 0);
  assert.equal(backoffDelayMs({}, 3, 0.25), 1000);
  assert.equal(backoffDelayMs({}, 3, 0.5), 2000);
});

test('the ceiling is at most one hour, regardless of the number of attempts', () => {
  for (const attempt of [13, 50, 100]) {
    assert.equal(backoffDelayMs({}, attempt, ALMOST_ONE), 3_600_000);
  }
});

test('the base and the cap can be set independently', () => {
  assert.equal(backoffDelayMs({ baseSeconds: 10 }, 2, ALMOST_ONE), 20_000);
  assert.equal(backoffDelayMs({ capSeconds: 3 }, 10, ALMOST_ONE), 3000);
  assert.equal(backoffDelayMs({ baseSeconds: 5, capSeconds: 7 }, 2, ALMOST_ONE), 7000);
});

test('a base of zero retries at once, regardless of the number of attempts', () => {
  for (const attempt of [1, 50, 100]) assert.equal(backoffDelayMs({ baseSeconds: 0 }, attempt, 0.9), 0);
});

test('the delay is a whole number of milliseconds', () => {
  assert.ok(Number.isInteger(backoffDelayMs({ baseSeconds: 0.123_456 }, 1, 0.777_777)));
});
