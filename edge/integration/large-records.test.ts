import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, describe, test } from 'node:test';
import { BatchSubmitted, StatusView, TaskView } from '../contract/api.ts';
import { Claim } from '../contract/buffer.ts';
import { RecordMetadata, recordKey } from '../contract/submission.ts';
import { submissionOf } from '../contract/task-id.ts';
import { byteLength } from '../contract/text.ts';
import { workerConfig } from '../scripts/worker-config.ts';
import { expectError } from '../testing/assertions.ts';
import { openEdge, ownEdge } from '../testing/shared-edges.ts';

const edge = openEdge();

const LARGE = `é${'x'.repeat(100_000)}`;

/** Submits tasks that wait for an hour, and last a ready task, so that a claim reads the whole record. */
async function submitLargeRecord(type: string): Promise<string> {
  const waiting = { type, delaySeconds: 3600, payload: LARGE };
  const tasks = [...Array.from({ length: 15 }, () => waiting), { type, payload: LARGE }];
  const { taskIds } = await edge.api.read('/tasks/batch', BatchSubmitted, { tasks });
  return taskIds.at(-1) ?? '';
}

function claim(type: string, buffer = edge.buffer) {
  const order = { leaseId: randomUUID(), runner: 'runner-1', wants: [{ types: [type], limit: 100 }] };
  return buffer.read('/tasks/claim', Claim, order);
}

describe('a claim of tasks from more large records than it may read', () => {
  const type = 'records-claim';
  const ids: string[] = [];
  before(async () => {
    for (let count = 0; count < 6; count += 1) ids.push(await submitLargeRecord(type));
    await edge.ready(type, 6);
  });

  test('grants the first tasks and leaves the others unchanged', async () => {
    const { tasks, ready, next } = await claim(type);
    assert.deepEqual(
      tasks.map(({ id }) => id),
      ids.slice(0, 4),
    );
    assert.ok(tasks.every(({ payload }) => payload === LARGE));
    assert.deepEqual([ready, next?.[0]?.priority], [2, 0]);
    for (const id of ids.slice(4)) {
      const { status, attempt, runAt } = await edge.api.read(`/tasks/${id}/status`, StatusView);
      assert.deepEqual([status, attempt, runAt], ['pending', 0, undefined]);
    }
  });

  test('leaves the others to the next claim', async () => {
    const { tasks, ready, next } = await claim(type);
    assert.deepEqual(
      tasks.map(({ id, attempt }) => [id, attempt]),
      ids.slice(4).map((id) => [id, 1]),
    );
    assert.deepEqual([ready, next], [0, [null]]);
  });
});

test('the large payloads of one want do not delay another want', async () => {
  for (let count = 0; count < 6; count += 1) await submitLargeRecord('records-flood');
  const other = await submitLargeRecord('records-other');
  await Promise.all([edge.ready('records-flood', 6), edge.ready('records-other', 1)]);
  const wants = ['records-flood', 'records-other'].map((type) => ({ types: [type], limit: 100 }));
  const order = { leaseId: randomUUID(), runner: 'runner-1', wants };
  const { tasks } = await edge.buffer.read('/tasks/claim', Claim, order);
  assert.equal(tasks.length, 4);
  assert.ok(tasks.some(({ id }) => id === other));
});

describe('a large record', () => {
  test('has metadata with its size and its number of tasks', async () => {
    const id = await submitLargeRecord('records-metadata');
    const { TASK_STORAGE } = await edge.env();
    const { value, metadata } = await TASK_STORAGE.getWithMetadata(recordKey(submissionOf(id)));
    assert.deepEqual(RecordMetadata.parse(metadata), { tasks: 16, bytes: byteLength(value ?? '') });
  });

  test('can be read by many calls at the same time', async () => {
    const id = await submitLargeRecord('records-parallel');
    await edge.ready('records-parallel', 1);
    const answers = await Promise.all(Array.from({ length: 40 }, () => edge.api.get(`/tasks/${id}`)));
    const read = answers.filter(({ status }) => status === 200);
    assert.ok(read.length > 0);
    assert.ok(read.every(({ body }) => TaskView.parse(body).payload === LARGE));
    for (const answer of answers) if (answer.status !== 200) expectError(answer, 'unavailable');
  });

  test('has no tasks after its last one', async () => {
    const id = await submitLargeRecord('records-ghost');
    const ghosts = ['0010', '1000', 'ffff'].map((index) => `${id.slice(0, -4)}${index}`);
    for (const ghost of ghosts) {
      expectError(await edge.api.get(`/tasks/${ghost}`), 'task_not_found');
      expectError(await edge.api.get(`/tasks/${ghost}/status`), 'task_not_found');
      expectError(await edge.api.post(`/tasks/${ghost}/cancel`), 'task_not_found');
    }
  });
});

describe('a submission whose queue messages are lost', () => {
  const queues = { producers: [{ binding: 'TASK_QUEUE', queue: 'lost' }] };
  const vars = { AUTH: 'off' };
  const edge = ownEdge([
    { config: { ...workerConfig('api'), queues, vars } },
    { config: { ...workerConfig('buffer'), vars } },
  ]);
  const payloads = [{ n: 1 }, LARGE, { n: 2 }, LARGE];
  let ids: string[] = [];
  before(async () => {
    const tasks = payloads.map((payload) => ({ type: 'records-lost', payload }));
    ids = (await edge.api.read('/tasks/batch', BatchSubmitted, { tasks })).taskIds;
  });

  test('is answered from its record', async () => {
    for (const [index, id] of ids.entries()) {
      assert.equal((await edge.api.read(`/tasks/${id}/status`, StatusView)).status, 'pending');
      assert.deepEqual((await edge.api.read(`/tasks/${id}`, TaskView)).payload, payloads[index]);
    }
  });

  test('has tasks that can be cancelled', async () => {
    for (const id of ids.slice(0, 2)) await edge.api.read(`/tasks/${id}/cancel`, StatusView, {});
    const rows = await edge.sql('SELECT id, state FROM tasks ORDER BY id');
    assert.deepEqual(
      rows.map(({ id, state }) => [id, state]),
      ids.slice(0, 2).map((id) => [id, 'cancelled']),
    );
  });

  test('is delivered to the ledger by the sweep, and its large payloads stay in the record', async () => {
    await edge.update({ ...vars, SWEEP_AFTER_SECONDS: '0' });
    await edge.cron();
    const { tasks } = await claim('records-lost', edge.buffer);
    assert.deepEqual(
      tasks.map(({ id, payload }) => [id, payload]),
      [2, 3].map((index) => [ids[index], payloads[index]]),
    );
  });
});
