import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, describe, test } from 'node:test';
import { Claim, SingleClaim } from '../edge/contract/buffer.ts';
import { guardedEdge, openEdge, TOKENS } from '../edge/testing/shared-edges.ts';
import { UNKNOWN } from '../edge/testing/unknown-task.ts';
import { TaskQueue } from './client.ts';

const edge = openEdge();
const guarded = guardedEdge();
let queue: TaskQueue;
before(async () => {
  queue = new TaskQueue({ url: await edge.listen() });
});

/** Not ready while the test runs. */
const LATER = { delaySeconds: 3600 };

/** Claims the one ready task of a type, as a runner does. */
async function claim(type: string): Promise<string> {
  const leaseId = randomUUID();
  const order = { leaseId, runner: 'r', wants: [{ types: [type], limit: 1 }] };
  assert.equal((await edge.buffer.read('/tasks/claim', Claim, order)).tasks.length, 1);
  return leaseId;
}

/** Claims and ends a ready task, as a consumer of single tasks does. */
async function end(id: string, outcome: { success: boolean; result?: unknown; error?: unknown }) {
  await edge.buffer.read(`/tasks/${id}/claim`, SingleClaim, {});
  assert.equal((await edge.api.post(`/tasks/${id}/complete`, outcome)).status, 200);
}

describe('a submission', () => {
  test('stores the task with all its options', async () => {
    const runAt = new Date(Date.now() + 60_000);
    const options = {
      priority: 7,
      maxAttempts: 5,
      timeoutSeconds: 9,
      tags: ['a', 'b'],
      backoff: { baseSeconds: 2 },
    };
    const id = await queue.submit('client-options', { n: 1 }, { ...options, runAt });
    const task = await queue.get(id);
    assert.partialDeepStrictEqual(task, {
      type: 'client-options',
      status: 'pending',
      payload: { n: 1 },
      priority: 7,
      maxAttempts: 5,
      timeoutSeconds: 9,
      tags: ['a', 'b'],
      runAt: runAt.toISOString(),
      attempts: [],
    });
  });

  test('creates one task for each idempotency key', async () => {
    const submit = () => queue.submit('client-key', {}, { idempotencyKey: 'client-key' });
    assert.equal(await submit(), await submit());
    await assert.rejects(queue.submit('client-key', { another: true }, { idempotencyKey: 'client-key' }), {
      code: 'idempotency_key_reused',
      status: 409,
    });
  });

  test('creates one task even if its first answers are lost', async () => {
    const lost: number[] = [];
    const losing: typeof fetch = async (input, init) => {
      const response = await fetch(input, init);
      if (lost.length === 2) return response;
      lost.push(response.status);
      throw new TypeError('fetch failed');
    };
    const id = await new TaskQueue({ url: await edge.listen(), fetch: losing }).submit('client-lost');
    assert.deepEqual(lost, [201, 201]);
    assert.deepEqual(await edge.ready('client-lost', 1), [id]);
    assert.equal((await queue.list({ type: 'client-lost' })).count, 1);
  });

  test('of many tasks is sent in several batches and returns the ids in the order of the tasks', async () => {
    const batches: number[] = [];
    async function* tasks() {
      for (let n = 0; n < 1200; n += 1) yield { ...LATER, type: 'client-many', payload: { n } };
    }
    const ids = await queue.submitMany(tasks(), { onBatch: (taskIds) => batches.push(taskIds.length) });
    assert.deepEqual(batches, [1000, 200]);
    assert.equal(new Set(ids).size, 1200);
    for (const n of [0, 999, 1000, 1199]) assert.deepEqual((await queue.get(ids[n] ?? '')).payload, { n });
  });

  test('of large tasks is cut into batches that fit into a request', async () => {
    const large = { ...LATER, type: 'client-large', payload: 'x'.repeat(8 * 1024 * 1024) };
    const batches: number[] = [];
    await queue.submitMany([large, large], { onBatch: (taskIds) => batches.push(taskIds.length) });
    assert.deepEqual(batches, [1, 1]);
  });

  test('reports the index of a refused task among all tasks and the number of tasks before it', async () => {
    const tasks = Array.from({ length: 1003 }, (_, n) => ({
      ...LATER,
      type: 'client-refused',
      priority: n === 1002 ? 101 : 0,
    }));
    const call = queue.submitMany(tasks);
    await assert.rejects(call, {
      code: 'invalid_request',
      message: /^tasks\.1002\.priority: .* \(1000 tasks were submitted before it\)$/,
    });
    await assert.rejects(queue.submit('no such type'), {
      code: 'invalid_request',
      status: 400,
      message: /^type: /,
    });
  });
});

describe('a wait', () => {
  test('returns the result of a task that completes', async () => {
    const id = await queue.submit('client-completes', {});
    const waiting = queue.wait(id);
    await edge.ready('client-completes', 1);
    await end(id, { success: true, result: { sum: 3 } });
    const ended = await waiting;
    assert.equal(ended.status, 'completed');
    assert.deepEqual(ended.result, { sum: 3 });
  });

  test('returns the error of a task that fails or is cancelled', async () => {
    const [failed, cancelled] = await queue.submitMany([{ type: 'client-ends' }, { type: 'client-ends' }]);
    assert.ok(failed && cancelled);
    await edge.ready('client-ends', 2);
    await end(failed, { success: false, error: 'No paper' });
    assert.equal((await queue.cancel(cancelled)).status, 'cancelled');
    const [first, second] = await Promise.all([queue.wait(failed), queue.wait(cancelled)]);
    assert.ok(first.status === 'failed' && second.status === 'cancelled');
    assert.deepEqual(first.error, { code: 'task_error', message: 'No paper' });
    assert.equal(second.error.code, 'cancelled');
  });

  test('that times out leaves the task as it is', async () => {
    const id = await queue.submit('client-goes-on', {}, LATER);
    await assert.rejects(queue.wait(id, { timeoutSeconds: 0.3 }), {
      code: 'wait_timeout',
      message: /is pending/,
    });
    assert.equal((await queue.status(id)).status, 'pending');
  });

  test('for an unknown task is refused', async () => {
    const error = {
      code: 'task_not_found',
      status: 404,
      message: new RegExp(`No task has the id ${UNKNOWN}`),
    };
    await assert.rejects(queue.wait(UNKNOWN), error);
    await assert.rejects(queue.get(UNKNOWN), error);
    await assert.rejects(queue.follow(UNKNOWN).next(), error);
  });
});

test('following a task yields each change until it has ended', async () => {
  const id = await queue.submit('client-followed', {});
  await edge.ready('client-followed', 1);
  const seen: unknown[] = [];
  let leaseId = '';
  for await (const { status, progress } of queue.follow(id)) {
    seen.push(progress ?? status);
    if (seen.length === 1) leaseId = await claim('client-followed');
    if (seen.length === 2) {
      const leases = [{ leaseId, holds: [id], progress: [{ taskId: id, value: { done: 0.5 } }] }];
      await edge.buffer.post('/tasks/heartbeat', { leases });
    }
    if (seen.length === 3) await edge.api.post(`/tasks/${id}/complete`, { success: true, leaseId });
  }
  assert.deepEqual(seen, ['pending', 'processing', { done: 0.5 }, 'completed']);
  assert.deepEqual(await Array.fromAsync(queue.follow(id), ({ status }) => status), ['completed']);
});

describe('a list of tasks', () => {
  let ids: string[];
  before(async () => {
    const tasks = Array.from({ length: 5 }, (_, n) => ({
      type: 'client-list',
      tags: [n < 2 ? 'low' : 'high'],
    }));
    ids = await queue.submitMany(tasks);
    await edge.ready('client-list', 5);
  });

  test('is read page by page', async () => {
    const first = await queue.list({ type: 'client-list', limit: 3 });
    assert.deepEqual(
      first.tasks.map((task) => task.id),
      ids.toReversed().slice(0, 3),
    );
    const second = await queue.list({ type: 'client-list', limit: 3, cursor: first.nextCursor });
    assert.deepEqual([second.count, second.nextCursor], [2, undefined]);
  });

  test('contains all tasks, or only those that match a filter', async () => {
    const of = async (filter: object) =>
      (await Array.fromAsync(queue.listAll({ type: 'client-list', ...filter }))).map((task) => task.id);
    assert.deepEqual(await of({}), ids.toReversed());
    assert.deepEqual(await of({ tag: 'low' }), ids.slice(0, 2).toReversed());
    assert.deepEqual(await of({ id: ids[3] }), [ids[3]]);
    assert.deepEqual(await of({ status: 'failed' }), []);
    assert.deepEqual(await of({ createdAfter: new Date(Date.now() + 60_000) }), []);
    assert.equal((await of({ createdBefore: new Date(Date.now() + 60_000) })).length, 5);
  });

  test('can be cancelled and retried together by a filter', async () => {
    const filter = { type: 'client-list', tag: 'high' };
    const cancelled = await queue.cancelAll(filter);
    assert.deepEqual([cancelled.count, new Set(cancelled.taskIds)], [3, new Set(ids.slice(2))]);
    assert.equal((await queue.retryAll(filter)).count, 0, 'none has failed');
    assert.equal((await queue.retryAll({ ...filter, status: 'cancelled' })).count, 3);
    assert.equal((await queue.list({ ...filter, status: 'pending' })).count, 3);
  });

  test('has tasks that can be cancelled and retried by id', async () => {
    const [id = ''] = ids;
    assert.equal((await queue.cancel(id)).status, 'cancelled');
    assert.equal((await queue.retry(id)).status, 'pending');
    await assert.rejects(queue.retry(id), { code: 'task_not_retryable', status: 409 });
  });
});

describe('the queue', () => {
  test('counts tasks by type and status', async () => {
    await queue.submit('client-counted', {});
    await edge.ready('client-counted', 1);
    const { types } = await queue.stats();
    const counted = types.find(({ type }) => type === 'client-counted');
    assert.equal(counted?.counts.ready, 1);
    assert.deepEqual([counted?.paused, counted?.handled], [false, false]);
  });

  test('pauses and resumes a type with any valid name', async () => {
    const type = 'client/paused:1';
    assert.deepEqual(await queue.pause(type), { success: true, type, paused: true });
    assert.deepEqual(await queue.resume(type), { success: true, type, paused: false });
  });

  test('lists the runners that hold tasks', async () => {
    const id = await queue.submit('client-held', {});
    await edge.ready('client-held', 1);
    await claim('client-held');
    const { runners } = await queue.runners();
    const held = runners.find(({ name }) => name === 'r')?.tasks.map(({ taskId }) => taskId);
    assert.ok(held?.includes(id));
  });
});

test('if tokens are configured, a call without a client token is refused, and one with it gets a ticket', async () => {
  const url = await guarded.listen();
  assert.match((await new TaskQueue({ url, token: TOKENS.client }).ticket()).ticket, /^\S+$/);
  for (const [token, code, sentence] of [
    [undefined, 'unauthorized', /check the token, one of the API_TOKENS of http/],
    ['wrong', 'unauthorized', /This token is not valid: check the token/],
    [TOKENS.runner, 'forbidden', /takes a token of API_TOKENS: check the token/],
  ] as const) {
    await assert.rejects(new TaskQueue({ url, token }).submit('client-token', {}), {
      code,
      message: sentence,
    });
  }
});
