import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, describe, test } from 'node:test';
import { BatchSubmitted, Completed, ReportAnswer, StatusView, TaskView } from '../contract/api.ts';
import { BufferList, Claim, Released, SingleClaim } from '../contract/buffer.ts';
import { MAX_ANSWER_BYTES, MAX_INLINE_BYTES, MAX_PAYLOAD_BYTES } from '../contract/limits.ts';
import { recordKey } from '../contract/submission.ts';
import { submissionOf } from '../contract/task-id.ts';
import { expectError } from '../testing/assertions.ts';
import { openEdge } from '../testing/shared-edges.ts';

const edge = openEdge();

const records = async () => (await edge.env()).TASK_STORAGE;

/** A payload of the given size as JSON in bytes, two of them outside ASCII. */
const payloadOf = (bytes: number) => `é${'x'.repeat(bytes - 4)}`;

/** Compares without printing megabytes. */
function expectPayload(payload: unknown, expected: string): void {
  assert.ok(payload === expected, `Expected the payload, got ${String(payload).slice(0, 40)}…`);
}

async function claim(type: string, limit = 100) {
  const leaseId = randomUUID();
  const order = { leaseId, runner: 'runner-1', wants: [{ types: [type], limit }] };
  const { tasks } = await edge.buffer.read('/tasks/claim', Claim, order);
  return { leaseId, tasks };
}

describe('a payload', () => {
  before(() => edge.clear());

  for (const [name, bytes] of [
    ['97 KB', 97 * 1024],
    ['1 MB', 1024 * 1024],
    ['10 MB', MAX_PAYLOAD_BYTES],
  ] as const) {
    test(`of ${name} arrives by list, batch claim, single claim and GET`, async () => {
      const type = `body-${bytes}`;
      const payload = payloadOf(bytes);
      const id = await edge.submitReady({ type, payload });
      for (const list of ['ready', 'all']) {
        const { tasks, count } = await edge.buffer.read(`/tasks/${list}`, BufferList);
        assert.deepEqual([count, tasks[0]?.id], [1, id]);
        expectPayload(tasks[0]?.payload, payload);
      }
      expectPayload((await edge.api.read(`/tasks/${id}`, TaskView)).payload, payload);

      const { leaseId, tasks } = await claim(type);
      assert.deepEqual([tasks[0]?.id, tasks[0]?.attempt], [id, 1]);
      expectPayload(tasks[0]?.payload, payload);
      await edge.buffer.read('/tasks/release', Released, { leaseId, taskIds: [id] });

      const { task } = await edge.buffer.read(`/tasks/${id}/claim`, SingleClaim, {});
      assert.equal(task.attempt, 1);
      expectPayload(task.payload, payload);
      await edge.api.read(`/tasks/${id}/complete`, Completed, { success: true });
      const view = await edge.api.read(`/tasks/${id}`, TaskView);
      assert.equal(view.status, 'completed');
      expectPayload(view.payload, payload);
    });
  }

  test('over 10 MB is refused, alone and in a batch, and the error contains its path', async () => {
    const task = { type: 'body-over', payload: payloadOf(MAX_PAYLOAD_BYTES + 1) };
    assert.equal(expectError(await edge.api.post('/tasks', task), 'payload_too_large').path, 'payload');
    const answer = await edge.api.post('/tasks/batch', { tasks: [{ type: 'body-over' }, task] });
    assert.equal(expectError(answer, 'payload_too_large').path, 'tasks.1.payload');
  });

  test('reaches its own task if a batch has payloads of every size', async () => {
    const type = 'body-mixed';
    const sizes = [10, MAX_INLINE_BYTES, MAX_INLINE_BYTES + 1, 20, 300_000, MAX_INLINE_BYTES + 2];
    const tasks = sizes.map((bytes) => ({ type, payload: payloadOf(bytes) }));
    const { taskIds } = await edge.api.read('/tasks/batch', BatchSubmitted, { tasks });
    await edge.ready(type, tasks.length);
    const claimed = await claim(type);
    assert.deepEqual(
      claimed.tasks.map((task) => task.id),
      taskIds,
    );
    for (const [index, { payload }] of claimed.tasks.entries()) {
      expectPayload(payload, tasks[index]?.payload ?? '');
    }
  });

  test('counts with its full size against the 8 MB limit of a claim', async () => {
    const type = 'body-bound';
    const bytes = 1_500_000;
    const tasks = Array.from({ length: 7 }, () => ({ type, payload: payloadOf(bytes) }));
    await edge.api.read('/tasks/batch', BatchSubmitted, { tasks });
    await edge.ready(type, 7);
    assert.equal((await claim(type)).tasks.length, Math.floor(MAX_ANSWER_BYTES / bytes));
    assert.equal((await claim(type)).tasks.length, 2);
  });
});

describe('a list', () => {
  before(() => edge.clear());

  test('reads at most four records, even in parallel with other lists', async () => {
    const type = 'body-listed';
    const ids: string[] = [];
    for (let task = 0; task < 6; task += 1)
      ids.push(await edge.submit({ type, payload: payloadOf(100_000) }));
    await edge.ready(type, 6);
    const lists = Array.from({ length: 10 }, (_, index) =>
      edge.buffer.read(`/tasks/${index % 2 === 0 ? 'ready' : 'all'}`, BufferList),
    );
    for (const { tasks, count } of await Promise.all(lists)) {
      assert.equal(count, 4);
      assert.deepEqual(
        tasks.map(({ id }) => id),
        ids.slice(0, 4),
      );
      for (const { payload } of tasks) expectPayload(payload, payloadOf(100_000));
    }
    await edge.clear();
  });
});

describe('a task whose record KV does not show yet', () => {
  test('waits for some seconds after a claim without spending its attempt, and runs once KV shows the record', async () => {
    const type = 'body-missing';
    const payload = payloadOf(100_000);
    const id = await edge.submitReady({ type, payload });
    const single = await edge.submitReady({ type: 'body-missing-single', payload: payload });
    const storage = await records();
    const texts = await Promise.all(
      [id, single].map(async (taskId) => {
        const key = recordKey(submissionOf(taskId));
        const text = (await storage.get(key)) ?? '';
        await storage.delete(key);
        return [key, text] as const;
      }),
    );

    assert.deepEqual((await claim(type)).tasks, []);
    const answer = expectError(await edge.buffer.post(`/tasks/${single}/claim`), 'task_not_available');
    assert.equal(answer.currentStatus, 'scheduled');
    for (const taskId of [id, single]) {
      const {
        status,
        attempt,
        runAt = '',
        error,
      } = await edge.api.read(`/tasks/${taskId}/status`, StatusView);
      assert.deepEqual([status, attempt, error], ['pending', 0, undefined]);
      const waitMs = Date.parse(runAt) - Date.now();
      assert.ok(waitMs > 0 && waitMs <= 60_000, `Expected some seconds, got ${waitMs} ms`);
    }
    assert.deepEqual((await claim(type)).tasks, [], 'It is not offered again before that');

    for (const [key, text] of texts) await storage.put(key, text);
    await edge.sql('UPDATE tasks SET run_at = ? WHERE id IN (?, ?)', Date.now(), id, single);
    const { leaseId, tasks } = await claim(type);
    assert.deepEqual([tasks[0]?.id, tasks[0]?.attempt], [id, 1]);
    expectPayload(tasks[0]?.payload, payload);
    const results = [{ taskId: id, leaseId, success: true }];
    const { outcomes } = await edge.api.read('/tasks/complete', ReportAnswer, { results });
    assert.equal(outcomes[0]?.status, 'completed');
    const { task } = await edge.buffer.read(`/tasks/${single}/claim`, SingleClaim, {});
    assert.equal(task.attempt, 1);
  });

  test('does not block the claim of other tasks', async () => {
    const type = 'body-neighbour';
    const missing = await edge.submitReady({ type, payload: payloadOf(100_000) });
    await (await records()).delete(recordKey(submissionOf(missing)));
    const present = await edge.submitReady({ type, payload: payloadOf(100_000) });
    const { leaseId, tasks } = await claim(type);
    assert.deepEqual(
      tasks.map((task) => task.id),
      [present],
    );
    const results = [{ taskId: present, leaseId, success: true }];
    const { outcomes } = await edge.api.read('/tasks/complete', ReportAnswer, { results });
    assert.equal(outcomes[0]?.status, 'completed');
  });
});
