import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { Completed, StatusView, TaskView } from '../contract/api.ts';
import { Claim, SingleClaim } from '../contract/buffer.ts';
import { MAX_PROGRESS_BYTES, MAX_RESULT_BYTES } from '../contract/limits.ts';
import { expectError, refuses } from '../testing/assertions.ts';
import { depthOf, nested } from '../testing/nested-json.ts';
import { openEdge } from '../testing/shared-edges.ts';
import { UNKNOWN } from '../testing/unknown-task.ts';

const edge = openEdge();

const LEASE = randomUUID();

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
    ['whose id is not a UUID has no status', 'api', '/tasks/error-task-123/status', {}, 'invalid_request'],
    [
      'whose id is not a UUID cannot be claimed',
      'buffer',
      '/tasks/error-task-123/claim',
      { body: {} },
      'invalid_request',
    ],
    [
      'cannot be completed without its outcome',
      'api',
      `/tasks/${UNKNOWN}/complete`,
      { body: {} },
      'invalid_request',
    ],
  ]);

  test('that is unknown is answered as in the specification', async () => {
    const { error, taskId } = expectError(
      await edge.buffer.post(`/tasks/${UNKNOWN}/claim`),
      'task_not_found',
    );
    assert.deepEqual([error, taskId], ['Task not found', UNKNOWN]);
  });

  test('that is not claimed accepts no result', async () => {
    const id = await edge.submitReady({ type: 'error-not-leased' });
    const answer = await edge.api.post(`/tasks/${id}/complete`, { success: true });
    const { taskId, currentStatus } = expectError(answer, 'task_not_leased');
    assert.deepEqual([taskId, currentStatus], [id, 'pending']);
  });

  test('that is held under a lease accepts a result only under that lease', async () => {
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

  test('accepts a result of at most 256 KB', async () => {
    const id = await edge.submitReady({ type: 'error-result' });
    await edge.buffer.read(`/tasks/${id}/claim`, SingleClaim, {});
    const path = `/tasks/${id}/complete`;
    const result = 'x'.repeat(MAX_RESULT_BYTES - 2);
    expectError(await edge.api.post(path, { success: true, result: `${result}x` }), 'result_too_large');
    await edge.api.read(path, Completed, { success: true, result });
    assert.equal((await edge.api.read(`/tasks/${id}`, TaskView)).result, result);
  });

  test('either accepts a deeply nested result and can return it, or refuses it', async () => {
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

test('a progress value over 1 KB is refused, and the lease is unchanged', async () => {
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
