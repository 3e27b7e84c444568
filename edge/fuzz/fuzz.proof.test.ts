import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeRun, fuzz } from './fuzz.ts';

const RUNS = 300;

test('every answer to a valid or broken request is in time, is no 5xx, and matches the contract', async (t) => {
  const run = await fuzz({ runs: RUNS });
  assert.equal(run.violation, null, describeRun(run));
  assert.equal(run.runs, RUNS);
  const codes = [...run.statuses.keys()];
  assert.ok(
    [200, 201, 400, 404, 405, 409].every((code) => codes.includes(code)),
    describeRun(run),
  );
  t.diagnostic(describeRun(run));
});
