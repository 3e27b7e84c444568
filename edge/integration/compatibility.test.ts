/**
 * Tests of earlier runners on this edge. Requests and answers are written out, so that nothing else changes them.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { z } from 'zod';
import { openEdge } from '../testing/shared-edges.ts';

const edge = openEdge();

/** The fields of the answers that a runner of 0.1.0 reads. */
const OldClaim = z.object({
  tasks: z.array(
    z.object({
      taskId: z.string(),
      id: z.string(),
      type: z.string(),
      payload: z.unknown(),
      createdAt: z.iso.datetime(),
      receivedAt: z.iso.datetime(),
      status: z.enum(['ready', 'scheduled', 'processing', 'completed', 'failed', 'cancelled']),
      claimedAt: z.iso.datetime().optional(),
      attempt: z.int(),
      maxAttempts: z.int(),
      timeoutSeconds: z.number().optional(),
    }),
  ),
  leaseExpiresAt: z.iso.datetime(),
  ready: z.int(),
});
const OldHeartbeat = z.object({
  extended: z.array(z.object({ leaseId: z.string(), expiresAt: z.iso.datetime() })),
  lost: z.array(z.string()),
  cancelled: z.array(z.string()),
});
const OldReport = z.object({
  outcomes: z.array(
    z.object({
      taskId: z.string(),
      status: z.enum(['pending', 'processing', 'completed', 'failed', 'cancelled', 'stale', 'unknown']),
      runAt: z.iso.datetime().optional(),
    }),
  ),
});

function claim(type: string, limit: number, leaseSeconds = 30) {
  const leaseId = randomUUID();
  return edge.buffer
    .read('/tasks/claim', OldClaim, {
      leaseId,
      runner: 'old-runner',
      wants: [{ types: [type], limit }],
      leaseSeconds,
      about: { startedAt: '2026-11-01T00:00:00.000Z', threads: 2, ioConcurrency: 100, types: [type] },
    })
    .then((grant) => ({ leaseId, ...grant, ids: grant.tasks.map(({ taskId }) => taskId) }));
}

describe('a runner of 0.1.0', () => {
  test('claims, renews, reports and releases as before', async () => {
    const submitted = await edge.submitManyReady('old-runner', 3);
    const { leaseId, tasks, ids } = await claim('old-runner', 10);
    assert.deepEqual(ids, submitted);
    assert.deepEqual(
      tasks.map(({ attempt, maxAttempts, status }) => [attempt, maxAttempts, status]),
      ids.map(() => [1, 3, 'processing']),
    );
    const progress = [{ taskId: ids[0], value: { step: 1 } }];
    const beat = await edge.buffer.read('/tasks/heartbeat', OldHeartbeat, {
      leases: [{ leaseId, holds: ids, progress }],
    });
    assert.deepEqual([beat.extended.map((lease) => lease.leaseId), beat.lost], [[leaseId], []]);
    const [done, broken, back] = ids;
    const report = await edge.api.read('/tasks/complete', OldReport, {
      results: [
        { taskId: done, leaseId, success: true, result: { ok: true } },
        {
          taskId: broken,
          leaseId,
          success: false,
          error: { code: 'task_error', message: 'It broke', retryable: false },
          retry: {},
        },
      ],
    });
    assert.deepEqual(
      report.outcomes.map(({ status }) => status),
      ['completed', 'failed'],
    );
    assert.deepEqual((await edge.buffer.post('/tasks/release', { leaseId, taskIds: [back] })).body, {
      success: true,
      released: [back],
    });
    assert.deepEqual((await claim('old-runner', 1)).tasks[0]?.attempt, 1);
  });

  test('spends an attempt with each claim, because it cannot report which tasks have started', async () => {
    const [id] = await edge.submitManyReady('old-crashing', 1, {
      maxAttempts: 2,
      backoff: { baseSeconds: 0 },
    });
    const first = await claim('old-crashing', 1);
    await edge.buffer.post('/tasks/heartbeat', { leases: [{ leaseId: first.leaseId, holds: [] }] });
    const second = await claim('old-crashing', 1);
    assert.deepEqual(
      second.tasks.map(({ taskId, attempt }) => [taskId, attempt]),
      [[id, 2]],
    );
    await edge.buffer.post('/tasks/heartbeat', { leases: [{ leaseId: second.leaseId, holds: [] }] });
    const status = await edge.api.read(`/tasks/${id}/status`, z.looseObject({}));
    assert.partialDeepStrictEqual(status, { status: 'failed', error: { code: 'lease_expired' } });
  });
});
