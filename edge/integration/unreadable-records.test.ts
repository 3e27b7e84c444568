import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { StatusView, TaskView } from '../contract/api.ts';
import { BufferList, Claim } from '../contract/buffer.ts';
import { newTasks, recordKey } from '../contract/submission.ts';
import { newSubmission, submissionOf, taskIdAt } from '../contract/task-id.ts';
import { insertTasks } from '../platform/ledger.ts';
import { workerConfig } from '../scripts/worker-config.ts';
import { expectError } from '../testing/assertions.ts';
import { ownEdge } from '../testing/shared-edges.ts';

const vars = { AUTH: 'off', LOG_LEVEL: 'error' };
const edge = ownEdge([
  { config: { ...workerConfig('api'), vars } },
  {
    config: { ...workerConfig('buffer'), main: join(import.meta.dirname, 'unreliable-kv.fixture.ts'), vars },
  },
]);

const LARGE = 'x'.repeat(100_000);
/** An age at which the ledger gives up on a missing or damaged record. */
const LATE_MS = 16 * 60_000;

/** Inserts a task whose payload is stored in its record. */
async function addLarge(type: string, ageMs = 0): Promise<string> {
  const submission = newSubmission(Date.now() - ageMs, 0, randomBytes(6));
  const record = { submission, tasks: [{ type, priority: 0, payload: LARGE }] };
  const env = await edge.env();
  await env.TASK_STORAGE.put(recordKey(submission), JSON.stringify(record));
  await insertTasks(env, newTasks(record));
  return taskIdAt(submission, 0);
}

async function breakRead(id: string): Promise<void> {
  await (await edge.env()).TASK_STORAGE.put(`broken:${recordKey(submissionOf(id))}`, '');
}

async function repair(id: string): Promise<void> {
  await (await edge.env()).TASK_STORAGE.delete(`broken:${recordKey(submissionOf(id))}`);
  await edge.sql('UPDATE tasks SET run_at = ? WHERE id = ?', Date.now(), id);
}

async function damage(id: string, text: string): Promise<void> {
  await (await edge.env()).TASK_STORAGE.put(recordKey(submissionOf(id)), text);
}

async function claim(type: string) {
  const order = { leaseId: randomUUID(), runner: 'runner-1', wants: [{ types: [type], limit: 100 }] };
  const { tasks } = await edge.buffer.read('/tasks/claim', Claim, order);
  return tasks;
}

const status = (id: string) => edge.api.read(`/tasks/${id}/status`, StatusView);

/** Asserts that a task waits for at most a minute and has spent no attempt. */
async function expectWaiting(id: string): Promise<void> {
  const { status: now, attempt, runAt = '', error } = await status(id);
  assert.deepEqual([now, attempt, error], ['pending', 0, undefined]);
  const waitMs = Date.parse(runAt) - Date.now();
  assert.ok(waitMs > 0 && waitMs <= 60_000, `Expected a wait of some seconds, got ${waitMs} ms`);
}

describe('a record that KV fails to read', () => {
  const type = 'unread';
  let [broken, other] = ['', ''];
  let inline: string[] = [];
  before(async () => {
    broken = await addLarge(type);
    other = await addLarge(type);
    inline = await edge.submitManyReady(type, 3);
    await breakRead(broken);
  });

  test('hides no other task from the lists of a consumer', async () => {
    for (const list of ['ready', 'all']) {
      const { tasks } = await edge.buffer.read(`/tasks/${list}`, BufferList);
      assert.deepEqual(new Set(tasks.map(({ id }) => id)), new Set([other, ...inline]));
    }
  });

  test('blocks no other task of a claim, and its own task waits without spending its attempt', async () => {
    const tasks = await claim(type);
    assert.deepEqual(new Set(tasks.map(({ id }) => id)), new Set([other, ...inline]));
    assert.ok(tasks.find(({ id }) => id === other)?.payload === LARGE);
    await expectWaiting(broken);
  });

  test('is read at a later claim', async () => {
    await repair(broken);
    const [task] = await claim(type);
    assert.deepEqual([task?.id, task?.attempt], [broken, 1]);
    assert.ok(task?.payload === LARGE);
  });

  test('does not make its task fail, even if the task is old', async () => {
    const id = await addLarge('unread-late', LATE_MS);
    await breakRead(id);
    assert.deepEqual(await claim('unread-late'), []);
    await expectWaiting(id);
  });

  test('also makes a single-task claim wait', async () => {
    const id = await addLarge('unread-single');
    await breakRead(id);
    const answer = expectError(await edge.buffer.post(`/tasks/${id}/claim`), 'task_not_available');
    assert.equal(answer.currentStatus, 'scheduled');
    await expectWaiting(id);
  });
});

describe('a damaged record', () => {
  for (const [name, text] of [
    ['that is not JSON', '{"submission"'],
    ['of another form', '{"tasks":1}'],
  ] as const) {
    test(`${name} makes its task wait at first, and fail once the task is old`, async () => {
      const type = `damaged-${text.length}`;
      const [recent, late] = [await addLarge(type), await addLarge(type, LATE_MS)];
      const sound = await addLarge(type);
      await damage(recent, text);
      await damage(late, text);
      assert.deepEqual(
        (await claim(type)).map(({ id }) => id),
        [sound],
      );
      await expectWaiting(recent);
      const view = await status(late);
      assert.deepEqual([view.status, view.error?.code], ['failed', 'payload_unreadable']);
    });
  }

  test('of an old task is answered as unavailable', async () => {
    const id = await addLarge('damaged-read');
    await damage(id, '');
    expectError(await edge.api.get(`/tasks/${id}`), 'unavailable');
  });
});

test('a missing record makes its task fail once the task is old', async () => {
  const id = await addLarge('missing-late', LATE_MS);
  await (await edge.env()).TASK_STORAGE.delete(recordKey(submissionOf(id)));
  const sound = await addLarge('missing-late', LATE_MS);
  assert.deepEqual(
    (await claim('missing-late')).map((task) => task.id),
    [sound],
  );
  assert.equal((await edge.api.read(`/tasks/${sound}`, TaskView)).status, 'processing');
  const view = await status(id);
  assert.deepEqual([view.status, view.error?.code], ['failed', 'payload_missing']);
});
