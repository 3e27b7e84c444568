import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LocalEdge, startLocalEdge } from '../local-edge.ts';
import { Client } from './client.ts';
import type { Run } from './run-log.ts';
import { RunnerProcess } from './runner-process.ts';
import type { StepPayload } from './step.ts';

const TASKS = 300;
const TASK_MS = 50;
const TIME_LIMIT_MS = 120_000;
const RUNNER_ARGS = ['--threads', '1', '--poll-interval', '200', '--lease-seconds', '10'];

let folder: string;
let edge: LocalEdge;
let runners: RunnerProcess[] = [];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'task-queue-rolling-'));
  edge = await startLocalEdge(join(folder, 'state'), {}, { file: join(folder, 'edge.log') });
});

after(async () => {
  await Promise.all(runners.map((runner) => runner.kill()));
  await edge?.stop();
  await rm(folder, { recursive: true });
});

test('restarting each runner in turn under load spends no attempt and runs no task twice', async (t) => {
  runners = ['a', 'b', 'c'].map(
    (name) => new RunnerProcess({ name, folder, args: RUNNER_ARGS, env: edge.env }),
  );
  await Promise.all(runners.map((runner) => runner.start()));
  const client = new Client(() => edge.apiUrl, AbortSignal.timeout(TIME_LIMIT_MS));
  const ids = await client.submit(
    Array.from({ length: TASKS }, (_, index) => {
      const payload: StepPayload = { index, ms: TASK_MS, spin: true };
      return { type: 'chaos-step', payload };
    }),
    'rolling-restart',
  );

  for (const runner of runners) {
    await untilItRuns(runner);
    await runner.stop();
    await runner.start();
    await untilItRuns(runner);
  }
  const underLoad = (await allRuns()).length < TASKS;
  while ((await client.list()).some(({ completedAt }) => completedAt === undefined)) await sleep(200);
  await Promise.all(runners.map((runner) => runner.stop()));

  const views = await Promise.all(ids.map((id) => client.read(id)));
  assert.deepEqual(
    views.filter((view) => view?.status !== 'completed' || view.attempt !== 1 || view.attempts.length !== 1),
    [],
    'every task completed in its first attempt',
  );
  const runs = await allRuns();
  assert.equal(new Set(runs.map(({ taskId }) => taskId)).size, TASKS);
  assert.equal(runs.length, TASKS, 'every task ran once');
  assert.deepEqual(
    runners.flatMap(({ surprises }) => surprises),
    [],
  );
  t.diagnostic(`all runners were restarted ${underLoad ? 'before' : 'after'} the last task ran`);
});

/** Waits until the runner's present process runs tasks, or none is left to run. */
async function untilItRuns(runner: RunnerProcess): Promise<void> {
  const pid = runner.lives.at(-1)?.pid;
  const started = (runs: readonly Run[]) => runs.some((run) => run.pid === pid);
  while (!started(await runner.runs()) && (await allRuns()).length < TASKS) await sleep(20);
}

async function allRuns(): Promise<Run[]> {
  return (await Promise.all(runners.map((runner) => runner.runs()))).flat();
}
