import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { before, describe, test } from 'node:test';
import { Changed, Completed, ReportAnswer, StatusView, TaskView } from '../contract/api.ts';
import { Claim, HeartbeatAnswer, SingleClaim } from '../contract/buffer.ts';
import { type QueueMessage, recordKey } from '../contract/submission.ts';
import { newSubmission, taskIdAt } from '../contract/task-id.ts';
import { expectError } from '../testing/assertions.ts';
import { openEdge } from '../testing/shared-edges.ts';
import { UNKNOWN } from '../testing/unknown-task.ts';

const edge = openEdge();

const cancel = (id: string) => edge.api.read(`/tasks/${id}/cancel`, StatusView, {});
const retry = (id: string) => edge.api.read(`/tasks/${id}/retry`, StatusView, {});
const status = async (id: string) => (await edge.api.read(`/tasks/${id}/status`, StatusView)).status;

async function claim(type: string) {
  const leaseId = randomUUID();
  const order = { leaseId, runner: 'runner-1', wants: [{ types: [type], limit: 10 }] };
  const { tasks } = await edge.buffer.read('/tasks/claim', Claim, order);
  return { leaseId, tasks };
}

async function report(taskId: string, leaseId: string, success: boolean) {
  const error = { code: 'broken', message: 'It broke', retryable: false };
  const results = [{ taskId, leaseId, success, ...(!success && { error }) }];
  return (await edge.api.read('/tasks/complete', ReportAnswer, { results })).outcomes[0]?.status;
}

/** A task that was claimed and has ended. */
async function ended(type: string, success: boolean): Promise<string> {
  const id = await edge.submitReady({ type });
  const { leaseId } = await claim(type);
  await report(id, leaseId, success);
  return id;
}

/** A submission that is still in the queue: KV has it, but the ledger does not. */
async function queued(type: string, count: number): Promise<QueueMessage> {
  const submission = newSubmission(Date.now(), 0, randomBytes(6));
  const tasks = Array.from({ length: count }, () => ({ type, payload: { of: type }, priority: 3 }));
  const { TASK_STORAGE } = await edge.env();
  await TASK_STORAGE.put(recordKey(submission), JSON.stringify({ submission, tasks }));
  return { submission, first: 0, tasks };
}

describe('a cancel', () => {
  test('cancels a task that is still in the queue, and its later delivery changes nothing', async () => {
    const message = await queued('cancel-queued', 2);
    const [id, other] = [0, 1].map((index) => taskIdAt(message.submission, index));
    assert.ok(id && other);
    assert.equal((await cancel(id)).status, 'cancelled');
    await (await edge.env()).TASK_QUEUE.send(message);
    assert.deepEqual(await edge.ready('cancel-queued', 1), [other]);
    const view = await edge.api.read(`/tasks/${id}`, TaskView);
    assert.deepEqual([view.status, view.payload, view.priority], ['cancelled', { of: 'cancel-queued' }, 3]);
    assert.deepEqual([view.attempt, view.attempts, view.error?.code], [0, [], 'cancelled']);
  });

  test('of a scheduled or ready task prevents every claim of it', async () => {
    const type = 'cancel-waiting';
    const ready = await edge.submitReady({ type });
    const scheduled = await edge.submit({ type, delaySeconds: 0.3 });
    await edge.submit({ type: 'cancel-later', delaySeconds: 0.4 });
    for (const id of [ready, scheduled]) {
      const { status, completedAt } = await cancel(id);
      assert.equal(status, 'cancelled');
      assert.ok(completedAt);
    }
    await edge.ready('cancel-later', 1);
    assert.deepEqual((await claim(type)).tasks, []);
  });

  test('of a running task is reported by the heartbeat, and the result is not accepted', async () => {
    const type = 'cancel-leased';
    const id = await edge.submitReady({ type });
    const { leaseId } = await claim(type);
    const { status: cancelled, attempt } = await cancel(id);
    assert.deepEqual([cancelled, attempt], ['cancelled', 1]);
    const beat = { leases: [{ leaseId, holds: [id] }] };
    const { cancelled: ids, lost } = await edge.buffer.read('/tasks/heartbeat', HeartbeatAnswer, beat);
    assert.deepEqual([ids, lost], [[id], []]);
    assert.equal(await report(id, leaseId, true), 'cancelled');
    assert.equal(await status(id), 'cancelled');
    assert.deepEqual((await edge.api.read(`/tasks/${id}`, TaskView)).attempts.length, 1);
  });

  test('of a task that a consumer of single tasks holds overrides its result', async () => {
    const id = await edge.submitReady({ type: 'cancel-single' });
    await edge.buffer.read(`/tasks/${id}/claim`, SingleClaim, {});
    await cancel(id);
    const answer = await edge.api.read(`/tasks/${id}/complete`, Completed, { success: true });
    assert.deepEqual([answer.status, await status(id)], ['cancelled', 'cancelled']);
  });

  test('of an ended task is refused, and the error contains its status', async () => {
    for (const [success, name] of [
      [true, 'completed'],
      [false, 'failed'],
    ] as const) {
      const id = await ended(`cancel-${name}`, success);
      const answer = expectError(await edge.api.post(`/tasks/${id}/cancel`), 'task_finished');
      assert.deepEqual([answer.taskId, answer.currentStatus, await status(id)], [id, name, name]);
    }
  });

  test('may be repeated and gets the same answer', async () => {
    const id = await edge.submitReady({ type: 'cancel-twice' });
    assert.deepEqual(await cancel(id), await cancel(id));
  });

  test('or a retry of an unknown task is answered with 404, and of an invalid id with 400', async () => {
    for (const call of ['cancel', 'retry']) {
      expectError(await edge.api.post(`/tasks/${UNKNOWN}/${call}`), 'task_not_found');
      expectError(await edge.api.post(`/tasks/task-1/${call}`), 'invalid_request');
    }
    const { submission } = await queued('cancel-index', 2);
    expectError(await edge.api.post(`/tasks/${taskIdAt(submission, 2)}/cancel`), 'task_not_found');
  });
});

describe('a retry', () => {
  test('gives a failed task all its attempts again, and it can complete', async () => {
    const id = await ended('retry-failed', false);
    const { status: waits, attempt, error, completedAt } = await retry(id);
    assert.deepEqual([waits, attempt, error, completedAt], ['pending', 0, undefined, undefined]);
    const { leaseId, tasks } = await claim('retry-failed');
    assert.deepEqual([tasks[0]?.id, tasks[0]?.attempt], [id, 1]);
    assert.equal(await report(id, leaseId, true), 'completed');
    assert.equal(await status(id), 'completed');
  });

  test('makes a cancelled task ready again', async () => {
    const id = await edge.submitReady({ type: 'retry-cancelled' });
    await cancel(id);
    assert.equal((await retry(id)).status, 'pending');
    assert.equal((await claim('retry-cancelled')).tasks[0]?.id, id);
  });

  test('of a cancelled task that still runs waits until its runner has dropped it', async () => {
    const id = await edge.submitReady({ type: 'retry-held' });
    const { leaseId } = await claim('retry-held');
    await cancel(id);
    assert.equal((await retry(id)).status, 'pending');
    assert.deepEqual((await claim('retry-held')).tasks, []);
    await report(id, leaseId, true);
    assert.equal((await claim('retry-held')).tasks[0]?.id, id);
  });

  test('of a completed, running or waiting task is refused, and the error contains its status', async () => {
    const completed = await ended('retry-completed', true);
    const waiting = await edge.submitReady({ type: 'retry-waiting' });
    const running = await edge.submitReady({ type: 'retry-running' });
    await claim('retry-running');
    for (const [id, currentStatus] of [
      [completed, 'completed'],
      [waiting, 'pending'],
      [running, 'processing'],
    ] as const) {
      const answer = expectError(await edge.api.post(`/tasks/${id}/retry`), 'task_not_retryable');
      assert.deepEqual([answer.taskId, answer.currentStatus], [id, currentStatus]);
    }
  });
});

describe('a retry of many', () => {
  const COUNT = 2500;
  const HOUR = 3_600_000;
  const endedAt = Date.now() - HOUR;

  /** Ended tasks, one per millisecond. Every second one has another type, and every fifth is cancelled. */
  before(async () => {
    const tasks = Array.from({ length: COUNT }, (_, n) => ({
      id: taskIdAt(newSubmission(endedAt + n, 0, randomBytes(6)), 0),
      type: n % 2 === 0 ? 'many-even' : 'many-odd',
      state: n % 5 === 0 ? 'cancelled' : 'failed',
      at: endedAt + n,
    }));
    await edge.sql(
      `INSERT INTO tasks (id, type, state, priority, run_at, received_at, attempt, completed_at, payload)
       SELECT value ->> 'id', value ->> 'type', value ->> 'state', 0, 0, 0, 3, value ->> 'at', '{}' FROM json_each(?)`,
      JSON.stringify(tasks),
    );
  });

  async function retryAll(query: Record<string, string>): Promise<string[][]> {
    const pages: string[][] = [];
    let cursor: string | undefined;
    do {
      const search = new URLSearchParams({ ...query, ...(cursor !== undefined && { cursor }) });
      const answer = await edge.api.call(`/tasks/retry?${search}`, { method: 'POST' });
      assert.equal(answer.status, 200);
      const { taskIds, count, nextCursor } = Changed.parse(answer.body);
      assert.equal(taskIds.length, count);
      pages.push(taskIds);
      cursor = nextCursor;
    } while (cursor !== undefined && pages.length < 10);
    return pages;
  }

  const countOf = async (state: string, type: string) =>
    Number(
      (await edge.sql('SELECT count(*) AS n FROM tasks WHERE state = ? AND type = ?', state, type))[0]?.n ??
        0,
    );

  test('with a type and a time retries only tasks of that type that failed since then', async () => {
    const since = new Date(endedAt + COUNT - 100).toISOString();
    const retried = (await retryAll({ type: 'many-odd', since })).flat();
    assert.equal(retried.length, 40);
    assert.equal(await countOf('ready', 'many-odd'), 40);
    assert.equal(await countOf('failed', 'many-even'), 1000);
    assert.deepEqual(
      await edge.sql("SELECT DISTINCT attempt FROM tasks WHERE state = 'ready' AND type = 'many-odd'"),
      [{ attempt: 0 }],
    );
  });

  test('with the status cancelled retries the cancelled tasks', async () => {
    assert.equal((await retryAll({ status: 'cancelled', type: 'many-odd' })).flat().length, 250);
    assert.equal(await countOf('cancelled', 'many-even'), 250);
  });

  test('continues from its cursor until each task is retried once, at most 500 per call', async () => {
    const pages = await retryAll({});
    const retried = pages.flat();
    assert.equal(new Set(retried).size, retried.length);
    assert.ok(pages.every((page) => page.length <= 500));
    assert.ok(pages.length >= 2);
    assert.deepEqual([await countOf('failed', 'many-even'), await countOf('failed', 'many-odd')], [0, 0]);
    assert.deepEqual([await countOf('ready', 'many-even'), await countOf('ready', 'many-odd')], [1000, 1250]);
    assert.deepEqual((await retryAll({ type: 'many-even' })).flat(), []);
  });

  test('is refused with another status or an invalid time, cursor or type', async () => {
    for (const query of ['status=completed', 'status=pending', 'since=yesterday', 'cursor=1', 'type=a%20b']) {
      const answer = await edge.api.call(`/tasks/retry?${query}`, { method: 'POST' });
      expectError(answer, 'invalid_request');
    }
  });
});
