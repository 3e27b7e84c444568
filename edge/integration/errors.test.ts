import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { Completed, StatusView, Submitted, TaskView } from '../contract/api.ts';
import { Claim, SingleClaim } from '../contract/buffer.ts';
import {
  MAX_INLINE_BYTES,
  MAX_PAYLOAD_BYTES,
  MAX_PROGRESS_BYTES,
  MAX_REQUEST_BYTES,
  MAX_RESULT_BYTES,
} from '../contract/limits.ts';
import { newSubmission, taskIdAt } from '../contract/task-id.ts';
import { expectError, refuses } from '../testing/assertions.ts';
import { read } from '../testing/caller.ts';
import { openEdge } from '../testing/shared-edges.ts';

const edge = openEdge();

const UNKNOWN = taskIdAt(newSubmission(Date.UTC(2026, 0, 1), 0, new Uint8Array(6)), 0);
const LEASE = randomUUID();
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

/** Counted without recursion, which such depths end. */
function depthOf(value: unknown): number {
  let depth = 0;
  for (let inner = value; Array.isArray(inner); inner = inner[0]) depth++;
  return depth;
}

const tasks = (length: number) => Array.from({ length }, () => ({ type: 'a' }));

describe('a submission is refused', () => {
  const payload = (bytes: number) => 'x'.repeat(bytes - 2);
  refuses(edge, [
    ['that is not JSON', 'api', '/tasks', { body: '{"type":' }, 'invalid_json'],
    ['that is empty', 'api', '/tasks', { method: 'POST' }, 'invalid_request'],
    ['that is null', 'api', '/tasks', { body: 'null' }, 'invalid_request'],
    ['that is a list', 'api', '/tasks', { body: '[]' }, 'invalid_request'],
    ['without a type', 'api', '/tasks', { body: {} }, 'invalid_request'],
    [
      'with a type of 101 characters',
      'api',
      '/tasks',
      { body: { type: 'a'.repeat(101) } },
      'invalid_request',
    ],
    ['with an odd type', 'api', '/tasks', { body: { type: 'a b' } }, 'invalid_request'],
    ['with an unknown field', 'api', '/tasks', { body: { type: 'a', delay: 5 } }, 'invalid_request'],
    [
      'with both delaySeconds and runAt',
      'api',
      '/tasks',
      { body: { type: 'a', delaySeconds: 1, runAt: '2026-01-01T00:00:00Z' } },
      'invalid_request',
    ],
    [
      'with a payload over 10 MB',
      'api',
      '/tasks',
      { body: { type: 'a', payload: payload(MAX_PAYLOAD_BYTES + 1) } },
      'payload_too_large',
    ],
    [
      'with a payload over 10 MB in bytes, though not in characters',
      'api',
      '/tasks',
      { body: { type: 'a', payload: 'é'.repeat(MAX_PAYLOAD_BYTES / 2) } },
      'payload_too_large',
    ],
    ['of no task in a batch', 'api', '/tasks/batch', { body: { tasks: [] } }, 'invalid_request'],
    ['of 1,001 tasks in a batch', 'api', '/tasks/batch', { body: { tasks: tasks(1001) } }, 'invalid_request'],
    ['of a batch without tasks', 'api', '/tasks/batch', { body: {} }, 'invalid_request'],
    [
      'over 20 MB',
      'api',
      '/tasks',
      { body: { type: 'a', payload: 'x'.repeat(MAX_REQUEST_BYTES) } },
      'request_too_large',
    ],
  ]);

  test('over 20 MB also where its length is not said before', async () => {
    // On a connection of its own: what is still being written when the answer comes breaks it.
    const request = httpRequest(`${await edge.listen()}/tasks`, { method: 'POST', agent: false });
    request.on('error', () => {});
    for (let megabytes = 0; megabytes < 21; megabytes += 1) request.write('x'.repeat(1024 * 1024));
    request.end();
    const [response] = await once(request, 'response');
    const body: unknown = JSON.parse(await text(response));
    expectError({ status: response.statusCode, body, header: () => null }, 'request_too_large');
  });

  test('with a runAt 31 days ahead, naming the field', async () => {
    const runAt = new Date(Date.now() + 31 * 86_400_000).toISOString();
    const { issues } = expectError(await edge.api.post('/tasks', { type: 'a', runAt }), 'invalid_request');
    assert.deepEqual(
      issues?.map((issue) => issue.path),
      ['runAt'],
    );
  });

  test('with the place of the task in a batch that is wrong', async () => {
    const runAt = new Date(Date.now() + 31 * 86_400_000).toISOString();
    for (const [wrong, path] of [
      [{ type: 7 }, 'tasks.1.type'],
      [{ type: 'a', runAt }, 'tasks.1.runAt'],
    ] as const) {
      const answer = await edge.api.post('/tasks/batch', { tasks: [{ type: 'a' }, wrong] });
      assert.equal(expectError(answer, 'invalid_request').issues?.[0]?.path, path);
    }
  });

  test('with a sentence that names the field, the expectation and the way out', async () => {
    const { error } = expectError(
      await edge.api.post('/tasks/batch', { tasks: tasks(1001) }),
      'invalid_request',
    );
    assert.match(error, /^tasks: .*at most 1000 tasks/);
  });
});

test('the largest payload that travels inline is accepted and arrives', async () => {
  const payload = 'x'.repeat(MAX_INLINE_BYTES - 2);
  const id = await edge.submitReady({ type: 'error-largest', payload });
  assert.equal((await edge.api.read(`/tasks/${id}`, TaskView)).payload, payload);
});

describe('a deeply nested payload', () => {
  for (const depth of [100, 1000, 3000, 5000, 6000, 40_000, 1_000_000]) {
    test(`of ${depth} arrays is refused, or it is accepted and arrives`, async () => {
      const type = `error-deep-${depth}`;
      const answer = await edge.api.call('/tasks', { body: `{"type":"${type}","payload":${nested(depth)}}` });
      if (answer.status !== 201) {
        expectError(answer, 'invalid_request');
        return;
      }
      await edge.ready(type, 1);
      const order = { leaseId: randomUUID(), runner: 'r', wants: [{ types: [type], limit: 1 }] };
      const { tasks } = await edge.buffer.read('/tasks/claim', Claim, order);
      assert.equal(depthOf(tasks[0]?.payload), depth);
    });
  }

  test('does not keep the tasks out that share its queue batch', async () => {
    const type = 'error-neighbour';
    const body = (depth: number) => `{"type":"error-poison","payload":${nested(depth)}}`;
    await Promise.all([
      ...[4000, 5000].map((depth) => edge.api.call('/tasks', { body: body(depth) })),
      ...Array.from({ length: 10 }, () => edge.submit({ type })),
    ]);
    await edge.ready(type, 10);
  });
});

describe('a number that is too large for JSON', () => {
  const holds = `"leaseId":"${LEASE}","holds":[]`;
  for (const [name, worker, path, body, place] of [
    ['a payload', 'api', '/tasks', '{"type":"a","payload":{"x":1e999}}', 'payload.x'],
    [
      'a task of a batch',
      'api',
      '/tasks/batch',
      '{"tasks":[{"type":"a","priority":1e999}]}',
      'tasks.0.priority',
    ],
    ['a result', 'api', `/tasks/${UNKNOWN}/complete`, '{"success":true,"result":[1e999]}', 'result.0'],
    [
      'a result of a batch',
      'api',
      '/tasks/complete',
      `{"results":[{"taskId":"${UNKNOWN}","leaseId":"${LEASE}","success":true,"result":1e999}]}`,
      'results.0.result',
    ],
    [
      'progress',
      'buffer',
      '/tasks/heartbeat',
      `{"leases":[{${holds},"progress":[{"taskId":"${UNKNOWN}","value":1e999}]}]}`,
      'leases.0.progress.0.value',
    ],
    ['a claim', 'buffer', '/tasks/claim', `{"leaseId":"${LEASE}","leaseSeconds":1e999}`, 'leaseSeconds'],
  ] as const) {
    test(`in ${name} is refused with its place`, async () => {
      const { error } = expectError(await edge[worker].call(path, { body }), 'invalid_request');
      assert.equal(error, `${place}: Expected a number of at most ${Number.MAX_VALUE}`);
    });
  }
});

test('a text with half a character is stored as it was sent', async () => {
  const body = '{"type":"error-surrogate","payload":"\\ud800","tags":["\\udfff"]}';
  const answer = await edge.api.call('/tasks', { body });
  const { taskId } = read(answer, Submitted);
  await edge.ready('error-surrogate', 1);
  const { payload } = await edge.api.read(`/tasks/${taskId}`, TaskView);
  assert.equal(payload, '\ud800');
});

describe('a task', () => {
  refuses(edge, [
    ['whose id is unknown has no status', 'api', `/tasks/${UNKNOWN}/status`, {}, 'task_not_found'],
    ['whose id is unknown cannot be read', 'api', `/tasks/${UNKNOWN}`, {}, 'task_not_found'],
    [
      'whose id is unknown cannot be completed',
      'api',
      `/tasks/${UNKNOWN}/complete`,
      { body: { success: true } },
      'task_not_found',
    ],
    [
      'whose id is unknown cannot be completed under a lease',
      'api',
      `/tasks/${UNKNOWN}/complete`,
      { body: { success: true, leaseId: LEASE } },
      'task_not_found',
    ],
    [
      'whose id is unknown cannot be claimed',
      'buffer',
      `/tasks/${UNKNOWN}/claim`,
      { body: {} },
      'task_not_found',
    ],
    [
      'whose id is unknown cannot be removed',
      'buffer',
      `/tasks/${UNKNOWN}/complete`,
      { body: {} },
      'task_not_found',
    ],
    ['whose id is no UUID has no status', 'api', '/tasks/error-task-123/status', {}, 'invalid_request'],
    [
      'whose id is no UUID cannot be claimed',
      'buffer',
      '/tasks/error-task-123/claim',
      { body: {} },
      'invalid_request',
    ],
    [
      'is not completed without saying how it ended',
      'api',
      `/tasks/${UNKNOWN}/complete`,
      { body: {} },
      'invalid_request',
    ],
  ]);

  test('that is unknown is answered as the specification answers it', async () => {
    const { error, taskId } = expectError(
      await edge.buffer.post(`/tasks/${UNKNOWN}/claim`),
      'task_not_found',
    );
    assert.deepEqual([error, taskId], ['Task not found', UNKNOWN]);
  });

  test('that is not claimed takes no result', async () => {
    const id = await edge.submitReady({ type: 'error-not-leased' });
    const answer = await edge.api.post(`/tasks/${id}/complete`, { success: true });
    const { taskId, currentStatus } = expectError(answer, 'task_not_leased');
    assert.deepEqual([taskId, currentStatus], [id, 'pending']);
  });

  test('that is held under a lease takes a result under that lease only', async () => {
    const type = 'error-fenced';
    const id = await edge.submitReady({ type });
    const leaseId = randomUUID();
    const order = { leaseId, runner: 'r', wants: [{ types: [type], limit: 1 }] };
    await edge.buffer.read('/tasks/claim', Claim, order);
    const path = `/tasks/${id}/complete`;
    expectError(await edge.api.post(path, { success: true }), 'lease_id_required');
    expectError(await edge.api.post(path, { success: true, leaseId: randomUUID() }), 'stale_lease');
    expectError(await edge.api.post(path, { success: true, leaseId: 'lease' }), 'invalid_request');
    assert.equal((await edge.api.read(`/tasks/${id}/status`, StatusView)).status, 'processing');
    await edge.api.read(path, Completed, { success: true, leaseId });
    await edge.api.read(path, Completed, { success: true });
  });

  test('takes a result of 256 KB, not of more', async () => {
    const id = await edge.submitReady({ type: 'error-result' });
    await edge.buffer.read(`/tasks/${id}/claim`, SingleClaim, {});
    const path = `/tasks/${id}/complete`;
    const result = 'x'.repeat(MAX_RESULT_BYTES - 2);
    expectError(await edge.api.post(path, { success: true, result: `${result}x` }), 'result_too_large');
    await edge.api.read(path, Completed, { success: true, result });
    assert.equal((await edge.api.read(`/tasks/${id}`, TaskView)).result, result);
  });

  test('takes a deeply nested result that can be read again, or refuses it', async () => {
    for (const depth of [1000, 5000, 40_000, 1_000_000]) {
      const id = await edge.submitReady({ type: `error-deep-result-${depth}` });
      await edge.buffer.read(`/tasks/${id}/claim`, SingleClaim, {});
      const body = `{"success":true,"result":${nested(depth)}}`;
      const answer = await edge.api.call(`/tasks/${id}/complete`, { body });
      if (answer.status !== 200) {
        expectError(answer, 'invalid_request');
        continue;
      }
      assert.equal(depthOf((await edge.api.read(`/tasks/${id}`, TaskView)).result), depth);
    }
  });

  test('whose timeout has a fraction can be claimed', async () => {
    const id = await edge.submitReady({ type: 'error-fraction', timeoutSeconds: 300.0005 });
    await edge.buffer.read(`/tasks/${id}/claim`, SingleClaim, {});
  });
});

test('a progress value over 1 KB is refused, and the lease stands as it was', async () => {
  const type = 'error-progress';
  const id = await edge.submitReady({ type });
  const leaseId = randomUUID();
  const order = { leaseId, runner: 'r', wants: [{ types: [type], limit: 1 }] };
  await edge.buffer.read('/tasks/claim', Claim, order);
  const beat = (value: string) =>
    edge.buffer.post('/tasks/heartbeat', {
      leases: [{ leaseId, holds: [id], progress: [{ taskId: id, value }] }],
    });
  const largest = 'x'.repeat(MAX_PROGRESS_BYTES - 2);
  expectError(await beat(`${largest}x`), 'invalid_request');
  assert.equal((await edge.api.read(`/tasks/${id}/status`, StatusView)).status, 'processing');
  assert.equal((await beat(largest)).status, 200);
});
