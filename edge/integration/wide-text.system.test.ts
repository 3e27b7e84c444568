import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { BatchSubmitted, StatusView } from '../contract/api.ts';
import { BufferList, Claim, HeartbeatAnswer } from '../contract/buffer.ts';
import { MAX_ANSWER_BYTES, MAX_LIST_BYTES, MAX_REQUEST_BYTES } from '../contract/limits.ts';
import { newTasks, recordKey } from '../contract/submission.ts';
import { newSubmission, taskIdAt } from '../contract/task-id.ts';
import { byteLength } from '../contract/text.ts';
import { serializedBytes } from '../platform/ledger.ts';
import { workerConfig } from '../scripts/worker-config.ts';
import { read } from '../testing/caller.ts';
import { ownEdge } from '../testing/shared-edges.ts';
import { waitFor } from '../testing/wait-for.ts';

const MAX_RPC_BYTES = 32 * 1024 * 1024;

const vars = { AUTH: 'off', SWEEP_AFTER_SECONDS: '0' };

/** With one emoji, a text takes two bytes per character in a call between workers. */
const payload = `😀${'x'.repeat(19_400)}`;
const batchOf = (type: string) => ({ tasks: Array.from({ length: 1000 }, () => ({ type, payload })) });

describe('a batch of nearly 20 MB that takes nearly 40 MB in a call between workers', () => {
  /** A queue without a consumer, so that its messages never arrive. */
  const queues = { producers: [{ binding: 'TASK_QUEUE', queue: 'lost' }] };
  const edge = ownEdge([
    { config: { ...workerConfig('api'), queues, vars } },
    { config: { ...workerConfig('buffer'), vars } },
  ]);

  /** Stores a submission whose queue messages are lost. */
  async function store(type: string, ageMs: number): Promise<string> {
    const submission = newSubmission(Date.now() - ageMs, 0, randomBytes(6));
    const tasks = batchOf(type).tasks.map((task) => ({ ...task, priority: 0 }));
    const record = { submission, tasks };
    assert.ok(serializedBytes(newTasks(record)) > MAX_RPC_BYTES);
    const metadata = { tasks: tasks.length };
    const storage = (await edge.env()).TASK_STORAGE;
    await storage.put(recordKey(submission), JSON.stringify(record), { metadata });
    return taskIdAt(submission, 0);
  }

  const counted = (type: string) => edge.sql('SELECT count(*) AS tasks FROM tasks WHERE type = ?', type);

  test('is delivered by the sweep', async () => {
    await store('wide-sweep', 30_000);
    await edge.cron();
    assert.deepEqual(await counted('wide-sweep'), [{ tasks: 1000 }]);
  });

  test('is delivered by a call for the status of a task', async () => {
    const id = await store('wide-status', 24 * 3_600_000);
    assert.equal((await edge.api.read(`/tasks/${id}/status`, StatusView)).status, 'pending');
    await edge.ready('wide-status', 1000);
  });

  test('is delivered by the repeat of a submission with a key', async () => {
    const body = JSON.stringify(batchOf('wide-key'));
    assert.ok(byteLength(body) < MAX_REQUEST_BYTES);
    const headers = { 'Idempotency-Key': 'wide-key' };
    const submit = () => edge.api.call('/tasks/batch', { body, headers });
    const first = await submit();
    await edge.sql('UPDATE idempotency_keys SET accepted = 0');
    const repeat = await submit();
    assert.deepEqual([first.status, repeat.status], [201, 200]);
    assert.deepEqual(read(repeat, BatchSubmitted), read(first, BatchSubmitted));
    assert.deepEqual(await counted('wide-key'), [{ tasks: 1000 }]);
  });
});

describe('text of two bytes per character', () => {
  const edge = ownEdge([
    { config: { ...workerConfig('api'), vars } },
    { config: { ...workerConfig('buffer'), vars } },
  ]);

  test('arrives through the queue in a batch of nearly 20 MB', async () => {
    await edge.api.read('/tasks/batch', BatchSubmitted, batchOf('wide-queue'));
    await waitFor('all tasks', async () => {
      const rows = await edge.sql("SELECT id FROM tasks WHERE type = 'wide-queue'");
      return rows.length === 1000 ? true : undefined;
    });
  });

  test('fits into lists of 1 MB and claims of 8 MB of UTF-8, which take up to 16 MB in a call', async () => {
    const bytes = byteLength(JSON.stringify(payload));
    for (const list of ['ready', 'all']) {
      const { tasks } = await edge.buffer.read(`/tasks/${list}?limit=1000`, BufferList);
      assert.equal(tasks.length, Math.floor(MAX_LIST_BYTES / bytes));
      assert.ok(tasks.every((task) => task.payload === payload));
    }
    const wants = [{ types: ['wide-queue'], limit: 1000 }];
    const order = { leaseId: randomUUID(), runner: 'runner-1', wants };
    const { tasks } = await edge.buffer.read('/tasks/claim', Claim, order);
    assert.equal(tasks.length, Math.floor(MAX_ANSWER_BYTES / bytes));
    assert.ok(serializedBytes(tasks) < 18 * 1024 * 1024);
  });

  test('is accepted in a heartbeat of nearly 20 MB', async () => {
    const wants = [{ types: ['wide-queue'], limit: 1 }];
    const order = { leaseId: randomUUID(), runner: 'runner-1', wants };
    const { tasks } = await edge.buffer.read('/tasks/claim', Claim, order);
    const progress = Array.from({ length: 19 }, (_, index) => ({
      taskId: taskIdAt(newSubmission(Date.now(), 0, randomBytes(6)), index),
      value: `😀${'x'.repeat(1000)}`,
    }));
    const others = Array.from({ length: 950 }, () => ({ leaseId: randomUUID(), holds: [], progress }));
    const held = { leaseId: order.leaseId, holds: tasks.map(({ id }) => id) };
    const leases = [...others, held];
    assert.ok(serializedBytes(leases) > MAX_RPC_BYTES);
    const { extended, lost } = await edge.buffer.read('/tasks/heartbeat', HeartbeatAnswer, { leases });
    assert.deepEqual(
      extended.map(({ leaseId }) => leaseId),
      [order.leaseId],
    );
    assert.deepEqual(lost, []);
  });
});
