import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ledger } from '../ledger.ts';
import { checkAgainstModel, describeFailure } from './property.ts';

const DEFAULT_RUNS = 300;

const numberFrom = (name: string) => (process.env[name] ? Number(process.env[name]) : undefined);

test('the ledger behaves like the model for random sequences of calls', (t) => {
  const { MODEL_PATH: path } = process.env;
  const runs = path ? 1 : (numberFrom('MODEL_RUNS') ?? DEFAULT_RUNS);
  const started = performance.now();
  const run = checkAgainstModel((sql, sources) => new Ledger(sql, sources), runs, {
    seed: numberFrom('MODEL_SEED'),
    path,
  });
  assert.ok(run.failure === null, run.failure ? describeFailure(run.failure) : '');
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  t.diagnostic(`${run.runs} sequences of ${run.commands} commands agreed in ${seconds} s`);
});
