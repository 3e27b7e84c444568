import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Budget, BudgetSpent } from './budget.ts';

test('a step that has used up its operations is stopped before the next operation', () => {
  const budget = new Budget(2);
  budget.spend();
  budget.spend();
  assert.throws(() => budget.spend(), BudgetSpent);
  assert.throws(() => budget.spend(), BudgetSpent);
});
