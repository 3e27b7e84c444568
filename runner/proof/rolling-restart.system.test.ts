import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LocalEdge, startLocalEdge } from '../../edge/scripts/lib/local-edge.ts';
import { Client } from './client.ts';
import type { Run } from './run-log.ts';
import { RunnerProcess } from './runner-process.ts';
import type { StepPayload } from './step.ts';

/** The test submits this many tasks first, and again whenever fewer than a third of them are left to run. */
const TASKS = 300;
const TASK_MS = 50;
const TIME_LIMIT_MS = 120_000;
const RUNNER_ARGS = ['--threads', '1', '--poll-interval', '200', '--lease-seconds', '10'];

let folder: string;
let edge: LocalEdge;
let runners: RunnerProcess[] = [];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'task-queue-rolling-'));
  edge = await startLocalEdge(join(folder, 'state'), { output: { file: join(folder, 'edge.log') } });
});

after(async () => {
  await Promise.all(runners.map((runner) => runner.kill()));
  await edge?.stop();
  await rm(folder, { recursive: true });
});

test('a restart of each runner in turn under load spends no attempt and runs no task twice', async (t) => {
  runners = ['a', 'b', 'c'].map(
    (name) => new RunnerProcess({ name, folder, args: RUNNER_ARGS, env: edge.env }),
  );
  await Promise.all(runners.map((runner) => runner.start()));
  const limit = AbortSignal.timeout(TIME_LIMIT_MS);
  const client = new Client(() => edge.apiUrl, limit);
  const ids = await submit(client);
  const restarted = restartInTurn(limit);
  let restarting = true;
  const done = () => {
    restarting = false;
  };
  restarted.then(done, done);
  while (restarting) {
    if (ids.length - (await allRuns()).length < TASKS / 3) ids.push(...(await submit(client)));
    await sleep(50);
  }
  await restarted;
  while ((await allRuns()).filter(({ end }) => end).length < ids.length) {
    limit.throwIfAborted();
    await sleep(200);
  }
  await Promise.all(runners.map((runner) => runner.stop()));

  const views = await client.readAll(ids);
  assert.equal(views.size, ids.length);
  assert.deepEqual(
    [...views.values()].filter(
      (view) => view.status !== 'completed' || view.attempt !== 1 || view.attempts.length !== 1,
    ),
    [],
    'every task completed in its first attempt',
  );
  const runs = await allRuns();
  assert.equal(new Set(runs.map(({ taskId }) => taskId)).size, ids.length);
  assert.equal(runs.length, ids.length, 'every task ran once');
  const surprises = runners.flatMap((runner) => runner.surprises);
  assert.deepEqual(surprises, []);
  t.diagnostic(`${ids.length} tasks`);
});

async function restartInTurn(limit: AbortSignal): Promise<void> {
  for (const runner of runners) {
    await untilItRuns(runner, limit);
    await runner.stop();
    await runner.start();
    await untilItRuns(runner, limit);
  }
}

function submit(client: Client): Promise<string[]> {
  const tasks = Array.from({ length: TASKS }, (_, index) => {
    const payload: StepPayload = { index, ms: TASK_MS, spin: true };
    return { type: 'chaos-step', payload };
  });
  return client.submit(tasks, randomUUID());
}

/** Waits until the runner's current process runs tasks. */
async function untilItRuns(runner: RunnerProcess, limit: AbortSignal): Promise<void> {
  const pid = runner.lives.at(-1)?.pid;
  while (!(await runner.runs()).some((run) => run.pid === pid)) {
    limit.throwIfAborted();
    await sleep(20);
  }
}

async function allRuns(): Promise<Run[]> {
  return (await Promise.all(runners.map((runner) => runner.runs()))).flat();
}
