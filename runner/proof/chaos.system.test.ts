import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runChaos } from './chaos-run.ts';
import { kinds } from './plan.ts';
import { holds } from './verdict.ts';

test('no task is lost, ends twice or runs twice at once while processes are killed and connections are cut', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'task-queue-chaos-'));
  const report = await runChaos({ tasks: 60, seed: 1, seconds: 6, settleSeconds: 120, folder });
  const { verdict, faults, surprises } = report;
  assert.ok(holds(verdict), `logs and state are in ${folder}: ${JSON.stringify(verdict, undefined, 2)}`);
  assert.equal(verdict.accepted, 60);
  assert.deepEqual(surprises, [], `logs and state are in ${folder}`);
  assert.deepEqual([...faults.keys()].toSorted(), kinds().toSorted(), 'the run injected every kind of fault');
  t.diagnostic(`${verdict.runs} runs of 60 tasks, ${report.clientRepeats} requests repeated`);
  await rm(folder, { recursive: true });
});
