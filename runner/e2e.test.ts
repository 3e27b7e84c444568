import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { BatchSubmitted, Submitted, TaskView } from '../edge/contract/api.ts';
import { type LocalEdge, startLocalEdge } from './local-edge.ts';
import { type Script, startScript } from './script.ts';

const WAIT_MS = 60_000;

let folder: string;
let edge: LocalEdge;
const runners: Script[] = [];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'task-queue-e2e-'));
  edge = await startLocalEdge(join(folder, 'state'), {}, { file: join(folder, 'edge.log') });
});

after(async () => {
  await Promise.all(runners.map((runner) => runner.stop('SIGKILL')));
  await edge?.stop();
  await rm(folder, { recursive: true });
});

test('a task submitted over REST runs on a thread of a runner, and its outcome is read back', async () => {
  const runner = await startRunner();
  const mail = await submit({
    type: 'email',
    payload: { to: 'user@example.com', subject: 'Hello', template: 'welcome' },
  });
  const failing = await submit({
    type: 'test',
    payload: { shouldFail: true, errorMessage: 'Simulated failure' },
  });
  const flaky = await submit({ type: 'test', payload: { failTimes: 1 }, backoff: { baseSeconds: 0 } });

  const sent = await untilEnded(mail);
  assert.equal(sent.status, 'completed');
  assert.deepEqual(await readdir(join(folder, 'outbox')), [`${mail}.eml`]);

  const failed = await untilEnded(failing);
  assert.equal(failed.status, 'failed');
  assert.deepEqual(failed.error, { code: 'task_error', message: 'Simulated failure' });
  assert.equal(failed.attempts.length, 1);

  const retried = await untilEnded(flaky);
  assert.equal(retried.status, 'completed');
  assert.deepEqual(
    retried.attempts.map(({ attempt, error }) => [attempt, error?.code]),
    [
      [1, 'task_error'],
      [2, undefined],
    ],
  );
  assert.equal(await runner.stop(), 0);
});

test('the task of a runner that was killed runs again on another', async () => {
  const killed = await startRunner();
  const id = await submit({ type: 'test', payload: { durationMs: 3000 } });
  await until(async () => (await view(id)).status === 'processing');
  await killed.stop('SIGKILL');

  await startRunner();
  const ended = await untilEnded(id);
  assert.equal(ended.status, 'completed');
  assert.deepEqual(
    ended.attempts.map(({ error }) => error?.code),
    ['lease_expired', undefined],
  );
});

test('a runner that is stopped gives back what it has not started and ends what runs', async () => {
  await Promise.all(runners.map((runner) => runner.stop()));
  const ids = await submitBatch(40, { type: 'test-cpu', payload: { cpuMs: 200 } });
  const stopped = await startRunner();
  await until(async () => (await view(ids[0] ?? '')).status === 'completed');
  assert.equal(await stopped.stop(), 0);

  await startRunner();
  for (const id of ids) {
    const ended = await untilEnded(id);
    assert.equal(ended.status, 'completed');
    assert.equal(ended.attempts.length, 1, 'no attempt was spent by the stop');
  }
});

async function startRunner(): Promise<Script> {
  const runner = await startScript('runner/cli.ts', {
    args: ['--threads', '2', '--poll-interval', '200', '--lease-seconds', '2', '--log-level', 'warn'],
    env: { ...edge.env, OUTBOX_DIR: join(folder, 'outbox') },
    output: { file: join(folder, 'runner.log') },
  });
  runners.push(runner);
  return runner;
}

async function submit(task: object): Promise<string> {
  return Submitted.parse(await post('/tasks', task)).taskId;
}

async function submitBatch(count: number, task: object): Promise<string[]> {
  return BatchSubmitted.parse(
    await post('/tasks/batch', { tasks: Array.from({ length: count }, () => task) }),
  ).taskIds;
}

async function post(path: string, body: object): Promise<unknown> {
  return (await fetch(`${edge.apiUrl}${path}`, { method: 'POST', body: JSON.stringify(body) })).json();
}

async function view(id: string): Promise<TaskView> {
  return TaskView.parse(await (await fetch(`${edge.apiUrl}/tasks/${id}`)).json());
}

async function untilEnded(id: string): Promise<TaskView> {
  await until(async () => (await view(id)).completedAt !== undefined);
  return view(id);
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + WAIT_MS;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`Not so within ${WAIT_MS} ms: ${condition}`);
    await sleep(50);
  }
}
