import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TaskSubmission } from '../../edge/contract/task.ts';
import { Client } from './client.ts';
import { EdgeProcess } from './edge-process.ts';
import { RunnerProcess } from './runner-process.ts';
import type { StepPayload } from './step.ts';

const TIME_LIMIT_MS = 180_000;
/** The time that the ledger has to answer through the API Worker after a start. */
const ANSWERS_WITHIN_MS = 15_000;

let folder: string;
let edge: EdgeProcess;
const runners: RunnerProcess[] = [];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'task-queue-edge-kill-'));
  await mkdir(join(folder, 'edge'));
  edge = new EdgeProcess(join(folder, 'edge'), 1);
  await edge.start();
});

after(async () => {
  await Promise.all(runners.map((runner) => runner.kill()));
  await edge.stop();
  await rm(folder, { recursive: true });
});

test('a task that was answered with 201 completes even if both workers are killed right after the answer', async () => {
  const client = new Client(() => edge.apiUrl, AbortSignal.timeout(TIME_LIMIT_MS));
  const accepted: string[] = [];
  for (const [round, tasks] of [steps(1), steps(50)].entries()) {
    accepted.push(...(await client.submit(tasks, `round-${round}`)));
    await edge.kill();
    await edge.start();
    const startedAt = performance.now();
    await client.list();
    const answersAfterMs = performance.now() - startedAt;
    assert.ok(answersAfterMs < ANSWERS_WITHIN_MS, `the ledger answered after ${answersAfterMs} ms`);
  }

  runners.push(await startRunner());
  const waiting = new Set(accepted);
  while (waiting.size > 0) {
    await edge.sweep();
    for (const { id, completedAt } of await client.list()) if (completedAt !== undefined) waiting.delete(id);
    await sleep(200);
  }
  const listed = (await client.list()).map(({ id, status }) => ({ id, status }));
  assert.deepEqual(
    listed.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    accepted.toSorted().map((id) => ({ id, status: 'completed' })),
  );
});

function steps(count: number): TaskSubmission[] {
  return Array.from({ length: count }, (_, index) => {
    const payload: StepPayload = { index, ms: 1 };
    return { type: 'chaos-step', payload };
  });
}

/** Starts a runner on the workers' current ports. */
async function startRunner(): Promise<RunnerProcess> {
  const env = {
    API_WORKER_URL: edge.apiUrl,
    QUEUE_WORKER_URL: `http://127.0.0.1:${edge.ports.buffer}`,
  };
  const args = ['--threads', '1', '--poll-interval', '100'];
  const runner = new RunnerProcess({ name: 'runner', folder, args, env });
  await runner.start();
  return runner;
}
