import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NoteBudget } from './note-budget.ts';

const LIMITS = { burst: { lines: 10, bytes: 1000 }, perSecond: { lines: 2, bytes: 100 } };

/** How many of some lines may be written at one time. */
function taken(budget: NoteBudget, lines: number, bytes: number, now: number): number {
  return Array.from({ length: lines }, () => budget.take(bytes, now)).filter(Boolean).length;
}

test('a number of lines may be written at once, then some per second, and refused lines are counted', () => {
  const budget = new NoteBudget(LIMITS, 0);
  assert.equal(taken(budget, 15, 1, 0), 10);
  assert.equal(budget.dropped, 5);
  assert.equal(taken(budget, 5, 1, 1000), 2);
  assert.equal(taken(budget, 50, 1, 3_600_000), 10);
  assert.equal(budget.dropped, 48);
});

test('long lines use up the bytes first', () => {
  const budget = new NoteBudget(LIMITS, 0);
  assert.equal(taken(budget, 10, 400, 0), 2);
  assert.equal(taken(budget, 10, 100, 0), 2);
  assert.equal(taken(budget, 10, 100, 1000), 1);
});

test('a clock that goes back adds no budget', () => {
  const budget = new NoteBudget(LIMITS, 1000);
  assert.equal(taken(budget, 20, 1, 1000), 10);
  assert.equal(taken(budget, 20, 1, 0), 0);
});
