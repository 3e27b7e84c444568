import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import {
  BatchSubmitted,
  type Outcome,
  ReportAnswer,
  StatusView,
  TaskList,
  TaskView,
} from '../contract/api.ts';
import { Claim, HeartbeatAnswer, Released } from '../contract/buffer.ts';
import { MAX_REQUEST_BYTES, MAX_RESULT_BYTES } from '../contract/limits.ts';
import { byteLength } from '../contract/text.ts';
import { read } from '../testing/caller.ts';
import { openEdge } from '../testing/shared-edges.ts';
import { waitFor } from '../testing/wait-for.ts';

const edge = openEdge();

async function claim(
  types: string[],
  options: { limit?: number; leaseId?: string; leaseSeconds?: number } = {},
) {
  const { limit = 1000, leaseId = randomUUID(), ...rest } = options;
  const order = { leaseId, runner: 'runner-1', wants: [{ types, limit }], ...rest };
  const answer = await edge.buffer.read('/tasks/claim', Claim, order);
  return { ...answer, leaseId, ids: answer.tasks.map((task) => task.id) };
}

async function report(results: Record<string, unknown>[]): Promise<Outcome[]> {
  return (await edge.api.read('/tasks/complete', ReportAnswer, { results })).outcomes;
}

const heartbeat = (leaseId: string, holds: string[], progress?: { taskId: string; value: unknown }[]) =>
  edge.buffer.read('/tasks/heartbeat', HeartbeatAnswer, { leases: [{ leaseId, holds, progress }] });

const status = (id: string) => edge.api.read(`/tasks/${id}/status`, StatusView);

describe('a batch', () => {
  test('of 1,000 tasks is submitted, claimed in two parts and completed, each task once', async () => {
    const type = 'batch-thousand';
    const tasks = Array.from({ length: 1000 }, (_, n) => ({ type, payload: { n } }));
    const answer = await edge.api.post('/tasks/batch', { tasks });
    assert.equal(answer.status, 201);
    const { taskIds, count, status } = read(answer, BatchSubmitted);
    assert.deepEqual([count, taskIds.length, new Set(taskIds).size, status], [1000, 1000, 1000, 'pending']);
    await edge.ready(type, 1000);

    const parts = [await claim([type]), await claim([type])];
    assert.deepEqual(
      parts.map(({ ids, ready }) => [ids.length, ready]),
      [
        [500, 500],
        [500, 0],
      ],
    );
    const claimed = parts.flatMap((part) => part.tasks);
    assert.deepEqual(
      claimed.map((task) => [task.id, task.payload]),
      tasks.map((task, n) => [taskIds[n], task.payload]),
    );
    const reports = parts.flatMap(({ ids, leaseId }) =>
      ids.map((taskId) => ({ taskId, leaseId, success: true })),
    );
    assert.deepEqual(
      await report(reports),
      taskIds.map((taskId) => ({ taskId, status: 'completed' })),
    );
    const list = await edge.api.read(`/tasks?type=${type}&status=completed&limit=1000`, TaskList);
    assert.equal(list.count, 1000);
  });

  test('of large payloads arrives completely although it takes many messages', async () => {
    const type = 'batch-large';
    const ids = await edge.submitManyReady(type, 40, { payload: 'é'.repeat(20_000) });
    const claimed = await claim([type]);
    assert.deepEqual(claimed.ids, ids);
    assert.ok(claimed.tasks.every((task) => task.payload === 'é'.repeat(20_000)));
    await edge.buffer.read('/tasks/release', Released, { leaseId: claimed.leaseId, taskIds: ids });
  });

  test('keeps all options of its tasks', async () => {
    const type = 'batch-options';
    const options = { priority: 7, timeoutSeconds: 2.5, maxAttempts: 9, tags: ['x', 'y'] };
    const payload = { text: 'é€😀\u0000\ud800', __proto__: null, deep: [[[null]]], number: 0.1 };
    const [id] = await edge.submitManyReady(type, 1, { ...options, payload });
    const view = await edge.api.read(`/tasks/${id}`, TaskView);
    const { priority, timeoutSeconds, maxAttempts, tags } = view;
    assert.deepEqual({ priority, timeoutSeconds, maxAttempts, tags }, options);
    assert.deepEqual(view.payload, JSON.parse(JSON.stringify(payload)));
    const { tasks } = await claim([type]);
    assert.deepEqual([tasks[0]?.timeoutSeconds, tasks[0]?.maxAttempts, tasks[0]?.attempt], [2.5, 9, 1]);
  });

  test('that is claimed again under the same lease id gets the same answer', async () => {
    const ids = await edge.submitManyReady('batch-replay', 3);
    const first = await claim(['batch-replay'], { limit: 2 });
    assert.deepEqual([first.ids, first.ready], [ids.slice(0, 2), 1]);
    const upper = await claim(['batch-replay'], { limit: 2, leaseId: first.leaseId.toUpperCase() });
    assert.deepEqual([upper.ids, upper.leaseExpiresAt], [first.ids, first.leaseExpiresAt]);
  });
});

describe('results', () => {
  test('get one outcome each, in the order of the report', async () => {
    const ids = await edge.submitManyReady('batch-results', 4);
    const [good, retried, failed, foreign] = ids;
    const { leaseId } = await claim(['batch-results']);
    const unknown = `${ids[0]?.slice(0, -4)}ffff`;
    const error = { code: 'broken', message: 'It broke' };
    const retry = { backoff: { baseSeconds: 1000 } };
    const results = [
      { taskId: good, leaseId, success: true, result: { n: 1 } },
      { taskId: retried, leaseId, success: false, error, retry },
      { taskId: failed, leaseId, success: false, error: { ...error, retryable: false } },
      { taskId: foreign, leaseId: randomUUID(), success: true },
      { taskId: unknown, leaseId, success: true },
    ];
    const outcomes = await report(results);
    assert.deepEqual(
      outcomes.map((outcome) => [outcome.taskId, outcome.status]),
      [
        [good, 'completed'],
        [retried, 'pending'],
        [failed, 'failed'],
        [foreign, 'stale'],
        [unknown, 'unknown'],
      ],
    );
    assert.deepEqual(await report(results), outcomes, 'A repeated report gets the same answer');
    const waits = await status(retried ?? '');
    assert.deepEqual([waits.runAt, waits.error, waits.attempt], [outcomes[1]?.runAt, error, 1]);
  });

  test('can fill a request of 20 MB with any characters and are all accepted', async () => {
    const type = 'batch-large-results';
    await edge.submitManyReady(type, 79);
    const { ids, leaseId } = await claim([type]);
    // With one character outside Latin-1, a text takes two bytes per character between workers.
    const result = `€${'x'.repeat(MAX_RESULT_BYTES - 5)}`;
    const results = ids.map((taskId) => ({ taskId, leaseId, success: true, result }));
    assert.ok(byteLength(JSON.stringify({ results })) <= MAX_REQUEST_BYTES);
    const outcomes = await report(results);
    assert.ok(outcomes.every((outcome) => outcome.status === 'completed'));
    assert.equal((await edge.api.read(`/tasks/${ids[0]}`, TaskView)).result, result);
  });
});

describe('a lease', () => {
  test('is renewed by a heartbeat, which also reports progress', async () => {
    const [id] = await edge.submitManyReady('batch-heartbeat', 1);
    assert.ok(id);
    const { leaseId, leaseExpiresAt } = await claim(['batch-heartbeat'], { leaseSeconds: 30 });
    const answer = await heartbeat(leaseId, [id], [{ taskId: id, value: { step: 2 } }]);
    assert.deepEqual([answer.lost, answer.cancelled], [[], []]);
    assert.equal(answer.extended[0]?.leaseId, leaseId);
    assert.ok((answer.extended[0]?.expiresAt ?? '') >= leaseExpiresAt);
    assert.deepEqual((await status(id)).progress, { step: 2 });
  });

  test('loses the tasks that a heartbeat does not name', async () => {
    const [kept, dropped] = await edge.submitManyReady('batch-drop', 2, { backoff: { baseSeconds: 1000 } });
    assert.ok(kept && dropped);
    const { leaseId } = await claim(['batch-drop']);
    await heartbeat(leaseId, [kept]);
    assert.equal((await status(kept)).status, 'processing');
    const { status: taken, error } = await status(dropped);
    assert.deepEqual([taken, error?.code], ['pending', 'lease_expired']);
    assert.deepEqual((await heartbeat(leaseId, [kept, dropped])).lost, [dropped]);
  });

  test('releases tasks that have not started without spending their attempt', async () => {
    const ids = await edge.submitManyReady('batch-release', 2);
    const { leaseId } = await claim(['batch-release']);
    const released = await edge.buffer.read('/tasks/release', Released, { leaseId, taskIds: ids });
    assert.deepEqual(released.released.toSorted(), ids.toSorted());
    const again = await claim(['batch-release']);
    assert.deepEqual(
      again.tasks.map((task) => [task.id, task.attempt]),
      ids.map((id) => [id, 1]),
    );
  });

  test('that expires is taken back by the alarm without a call, and its task is retried', async () => {
    const [id] = await edge.submitManyReady('batch-expire', 1, { backoff: { baseSeconds: 0 } });
    assert.ok(id);
    const { leaseId } = await claim(['batch-expire'], { leaseSeconds: 1 });
    const view = await waitFor('the take-back', async () => {
      const view = await status(id);
      return view.status === 'pending' ? view : undefined;
    });
    assert.deepEqual([view.attempt, view.error?.code], [1, 'lease_expired']);
    assert.equal((await report([{ taskId: id, leaseId, success: true }]))[0]?.status, 'stale');
    assert.equal((await claim(['batch-expire'])).tasks[0]?.attempt, 2);
  });
});

describe('a delayed task', () => {
  test('is made ready by the alarm without a call, and not before its time', async () => {
    const type = 'batch-delay';
    const id = await edge.submit({ type, delaySeconds: 1 });
    const { runAt } = await status(id);
    assert.ok(runAt);
    await edge.ready(type, 1);
    assert.ok(Date.now() >= Date.parse(runAt));
    assert.equal((await status(id)).runAt, undefined);
  });

  test('does not wait for the alarm of a task that is due later', async () => {
    await edge.submit({ type: 'batch-delay-long', delaySeconds: 3600 });
    await edge.submit({ type: 'batch-delay-short', runAt: new Date(Date.now() + 1000).toISOString() });
    await edge.ready('batch-delay-short', 1);
  });
});

describe('eviction', () => {
  test('of the Durable Object loses no tasks, leases or alarm', async () => {
    const [running, expiring] = await edge.submitManyReady('batch-evict', 2);
    assert.ok(running && expiring);
    const first = await claim(['batch-evict'], { limit: 1 });
    const second = await claim(['batch-evict'], { limit: 1, leaseSeconds: 1 });
    await edge.submit({ type: 'batch-evict-delay', delaySeconds: 1 });
    await edge.buffer.worker.evictDurableObject('TaskLedger', { name: 'shard-0' });
    await waitFor('the take-back', async () =>
      (await status(expiring)).status === 'pending' ? true : undefined,
    );
    await edge.ready('batch-evict-delay', 1);
    assert.deepEqual((await heartbeat(first.leaseId, [running])).lost, []);
    const outcomes = await report([
      { taskId: running, leaseId: first.leaseId, success: true },
      { taskId: expiring, leaseId: second.leaseId, success: true },
    ]);
    assert.deepEqual(
      outcomes.map((outcome) => outcome.status),
      ['completed', 'stale'],
    );
  });
});
