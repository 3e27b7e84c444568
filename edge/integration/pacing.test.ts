import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { ReportAnswer } from '../contract/api.ts';
import { Claim } from '../contract/buffer.ts';
import { newSubmission, taskIdAt } from '../contract/task-id.ts';
import { workerConfig } from '../scripts/worker-config.ts';
import { workersWith } from '../testing/harness.ts';
import { OPEN, ownEdge } from '../testing/shared-edges.ts';
import { waitFor } from '../testing/wait-for.ts';

const edge = ownEdge(workersWith({ ...OPEN, PACED_CALLS_PER_SECOND: '1' }));

const claim = () => {
  const wants = [{ types: ['pacing-none'], limit: 1 }];
  return edge.buffer.read('/tasks/claim', Claim, { leaseId: randomUUID(), runner: 'busy', wants });
};

const report = () => {
  const taskId = taskIdAt(newSubmission(Date.now(), 0, new Uint8Array(6)), 0);
  const results = [{ taskId, leaseId: randomUUID(), success: true }];
  return edge.api.read('/tasks/complete', ReportAnswer, { results });
};

/** Calls until an answer asks for a pause. */
const pauseOf = (call: () => Promise<{ spaceMs?: number | undefined }>) =>
  waitFor('a pause', async () => (await call()).spaceMs);

test('only a busy ledger asks for a pause in its answers to claims and reports', async () => {
  assert.equal((await claim()).spaceMs, undefined);
  assert.equal((await report()).spaceMs, undefined);
  assert.ok((await pauseOf(claim)) >= 20);
  assert.ok((await pauseOf(report)) >= 20);
});

test('at most two queue batches are processed at a time, so that inserts share a call', () => {
  const [tasks] = workerConfig('buffer').queues.consumers;
  assert.equal(tasks.queue, 'task-queue-v2');
  assert.equal(tasks.max_concurrency, 2);
});
