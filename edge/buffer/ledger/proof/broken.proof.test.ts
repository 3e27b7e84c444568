import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BROKEN } from './broken.ts';
import { checkAgainstModel, differsFromModel } from './property.ts';
import { simulate } from './sim/simulate.ts';

const MODEL_RUNS = 1000;
const SEEDS = 15;

describe('the model detects a ledger in which', () => {
  for (const { name, make } of BROKEN.filter(({ model }) => model)) {
    test(name, () => assert.ok(differsFromModel(make, MODEL_RUNS, 1)));
  }
});

describe('the simulation detects a ledger in which', () => {
  for (const { name, make, rule } of BROKEN.filter((broken) => broken.rule !== null)) {
    test(`${name} (${rule})`, () => {
      for (let seed = 1; seed <= SEEDS; seed += 1) {
        const { violation } = simulate(make, seed);
        if (violation) return assert.equal(violation.rule, rule, violation.message);
      }
      assert.fail(`No rule was broken in ${SEEDS} seeds`);
    });
  }
});

test('the seed and path of a difference reproduce it as the same short sequence', () => {
  const make = BROKEN.find(({ name }) => name === 'a held task becomes ready when its time comes')?.make;
  assert.ok(make);
  const { failure } = checkAgainstModel(make, MODEL_RUNS, { seed: 1 });
  assert.ok(failure && failure.sequence.length < 10);
  assert.deepEqual(checkAgainstModel(make, 1, failure).failure, failure);
});

test('the seed of a violation reproduces it', () => {
  const make = BROKEN.find(({ rule }) => rule === 'sealed')?.make;
  assert.ok(make);
  const run = (seed: number) => simulate(make, seed).violation?.message;
  const seed = [1, 2, 3, 4, 5].find((number) => run(number) !== undefined);
  assert.ok(seed !== undefined);
  assert.equal(run(seed), run(seed));
});
