import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ledger } from '../../ledger.ts';
import type { MakeLedger } from '../real.ts';
import { simulate } from './simulate.ts';

const SEEDS = 50;

const make: MakeLedger = (sql, sources) => new Ledger(sql, sources);

test('no rule is broken when messages are lost, late or repeated and processes restart or die', () => {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const { violation } = simulate(make, seed);
    assert.ok(
      violation === null,
      `Seed ${seed}: ${violation?.message}. Reproduce it with npm run sim -- --seed ${seed}`,
    );
  }
});

test('the same seed produces the same run', () => {
  const trace = () => {
    const lines: string[] = [];
    simulate(make, 7, (line) => lines.push(line));
    return lines.join('\n');
  };
  assert.equal(trace(), trace());
});
