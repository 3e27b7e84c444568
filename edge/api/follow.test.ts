import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TaskRow } from '../contract/ledger/tasks.ts';
import { newSubmission, taskIdAt } from '../contract/task-id.ts';
import { createApp, serve } from '../http/app.ts';
import { configuredNames } from '../http/tickets.ts';
import type { ApiEnv } from './env.ts';
import { followTask } from './follow.ts';

const START = Date.UTC(2026, 0, 1);
const SECOND = 1000;

const task: TaskRow = {
  id: taskIdAt(newSubmission(START, 0, new Uint8Array(6)), 0),
  type: 'followed',
  state: 'leased',
  payload: '{}',
  receivedAt: START,
  claimedAt: START,
  attempt: 1,
  maxAttempts: 3,
  timeoutSeconds: null,
  priority: 0,
  runAt: START,
  tags: null,
  completedAt: null,
  error: null,
  result: null,
  progress: null,
  attempts: [],
};

/** A ledger with a task that never ends. Time passes only while a call waits for a change. */
class RunningLedger {
  now = START;
  kept: { names: readonly string[]; at: number } = { names: [], at: 0 };
  waits = 0;
  #onWait: (waits: number) => void;

  constructor(onWait: (waits: number) => void) {
    this.#onWait = onWait;
  }

  getByName() {
    return this;
  }

  async find() {
    return { task };
  }

  async awaitChange(_id: string, _version: string, timeoutMs: number) {
    this.now += timeoutMs;
    this.waits += 1;
    this.#onWait(this.waits);
    return { task };
  }

  async isRevoked(name: string, since: number) {
    return this.kept.at > since && !this.kept.names.includes(name);
  }
}

const app = createApp<ApiEnv>('test');
serve(app, '/tasks/:id/events', { GET: followTask });

async function follow(ledger: RunningLedger, token: string): Promise<string> {
  // An isolate keeps the environment from its start.
  const env = { API_TOKENS: 'removed, kept', LEDGER: ledger };
  const headers = { Authorization: `Bearer ${token}` };
  const answer = await app.request(`/tasks/${task.id}/events`, { headers }, env);
  assert.equal(answer.status, 200);
  return answer.text();
}

test('a stream of events ends within 75 s after its token was removed', async (t) => {
  const kept = (await configuredNames({ API_TOKENS: 'kept' })) ?? [];
  const ledger = new RunningLedger((waits) => {
    if (waits === 101) ledger.kept = { names: kept, at: ledger.now };
    assert.ok(waits < 1000, 'The stream does not end');
  });
  t.mock.method(Date, 'now', () => ledger.now);
  assert.match(await follow(ledger, 'removed'), /^event: status/);
  const seconds = (ledger.now - ledger.kept.at) / SECOND;
  assert.ok(ledger.waits > 101 && seconds <= 75, `${seconds} s`);
});

test('a stream continues if its token is kept, or was added after the last keepClients call', async (t) => {
  const kept = (await configuredNames({ API_TOKENS: 'kept' })) ?? [];
  for (const [token, named] of [
    ['kept', 1],
    ['removed', -1],
  ] as const) {
    const ledger = new RunningLedger((waits) => {
      if (waits === 1) ledger.kept = { names: kept, at: START + named };
      if (waits === 100) throw new Error('Enough');
    });
    t.mock.method(console, 'error', () => {});
    t.mock.method(Date, 'now', () => ledger.now);
    await follow(ledger, token);
    assert.equal(ledger.waits, 100);
    t.mock.restoreAll();
  }
});
