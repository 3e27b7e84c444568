import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { TaskList, TaskView } from '../contract/api.ts';
import { newSubmission, taskIdAt } from '../contract/task-id.ts';
import { workerConfig } from '../scripts/worker-config.ts';
import { expectError } from '../testing/assertions.ts';
import { OPEN, ownEdge } from '../testing/shared-edges.ts';
import { waitFor } from '../testing/wait-for.ts';

const TASK_QUEUE = 'task-queue-v2';
const DEAD_LETTERS = 'task-dead-letter-v2';

/** The Consumer Worker as it is deployed, but that a message is a dead letter after its first delivery. */
const { queues, ...config } = workerConfig('buffer');
const consumers = queues.consumers.map((consumer: { queue: string }) =>
  consumer.queue === TASK_QUEUE ? { ...consumer, max_retries: 0 } : consumer,
);
const edge = ownEdge([
  { config: { ...workerConfig('api'), vars: OPEN } },
  { config: { ...config, queues: { consumers }, vars: OPEN } },
]);

/** Sends through the queue, and so through the dead-letter queue where a message cannot be taken in. */
async function send(...bodies: unknown[]): Promise<void> {
  const { TASK_QUEUE: queue } = await edge.env();
  await queue.sendBatch(bodies.map((body) => ({ body })));
}

/** Hands a dead letter to the worker, and tells whether it wants to see it again. */
async function deliver(body: unknown, id: string = randomUUID(), timestamp = new Date()): Promise<boolean> {
  return (await edge.deliver(DEAD_LETTERS, { id, timestamp, body })).length > 0;
}

const submission = () => newSubmission(Date.now(), 0, randomBytes(6));
const view = (id: string) => edge.api.read(`/tasks/${id}`, TaskView);
const valid = (type: string, payload: unknown = {}) => ({ type, payload, priority: 0 });

/** What the API tells of the tasks that could not be taken in, by their payloads. */
async function refusedTasks(): Promise<TaskView[]> {
  const { tasks } = await edge.api.read('/tasks?status=failed&type=invalid&limit=1000', TaskList);
  return Promise.all(tasks.map(({ id }) => view(id)));
}

function refusedWith(payload: unknown): Promise<TaskView> {
  return waitFor(`the failed task of ${JSON.stringify(payload)}`, async () =>
    (await refusedTasks()).find((task) => JSON.stringify(task.payload) === JSON.stringify(payload)),
  );
}

describe('a malformed message', () => {
  test('ends as a failed task with its reason, and its valid neighbours run', async () => {
    const [mixed, sound] = [submission(), submission()];
    const odd = { ...valid('not a type'), tags: 'none' };
    await send(
      {
        submission: mixed,
        first: 3,
        tasks: [valid('dead-mixed', { n: 3 }), odd, valid('dead-mixed', { n: 5 })],
      },
      { submission: sound, first: 0, tasks: [valid('dead-sound')] },
    );
    assert.deepEqual(await edge.ready('dead-sound', 1), [taskIdAt(sound, 0)]);
    const [first = '', second = '', ...others] = await edge.ready('dead-mixed', 2);
    assert.deepEqual([first, second, others], [taskIdAt(mixed, 3), taskIdAt(mixed, 5), []]);
    assert.deepEqual([(await view(first)).payload, (await view(second)).payload], [{ n: 3 }, { n: 5 }]);
    const { status, error, payload, completedAt, attempts } = await view(taskIdAt(mixed, 4));
    assert.deepEqual([status, error?.code, attempts], ['failed', 'invalid_task', []]);
    assert.match(error?.message ?? '', /letters, digits[\s\S]*type[\s\S]*tags/);
    assert.deepEqual(payload, odd);
    assert.ok(completedAt);
    const retry = expectError(
      await edge.api.post(`/tasks/${taskIdAt(mixed, 4)}/retry`),
      'task_not_retryable',
    );
    assert.match(retry.error, /submit it again/);
  });

  test('without any form is seen as a failed task; none is lost', async () => {
    const bodies = [
      'dead text',
      7,
      null,
      true,
      [],
      { dead: 'object' },
      { submission: 'short', first: 0, tasks: [{}] },
      { submission: submission(), first: 0, tasks: [] },
      { submission: submission(), first: -1, tasks: [valid('a')] },
      { submission: submission(), first: 0.5, tasks: [valid('a')] },
    ];
    await send(...bodies);
    for (const body of bodies) {
      const { status, error } = await refusedWith(body);
      assert.deepEqual([status, error?.code], ['failed', 'invalid_task']);
    }
  });

  test('that is delivered again is the same failed task', async () => {
    const [id, timestamp] = [randomUUID(), new Date()];
    for (let delivery = 0; delivery < 3; delivery += 1) {
      assert.equal(await deliver({ dead: 'again' }, id, timestamp), false);
    }
    const again = (await refusedTasks()).filter(({ payload }) => JSON.stringify(payload).includes('again'));
    assert.equal(again.length, 1);
  });

  test('that comes after its tasks were taken in changes nothing of them', async () => {
    const name = submission();
    const message = { submission: name, first: 0, tasks: [valid('dead-known'), valid('dead-known')] };
    await send(message);
    await edge.ready('dead-known', 2);
    await edge.api.post(`/tasks/${taskIdAt(name, 0)}/cancel`);
    assert.equal(await deliver({ ...message, tasks: [{ broken: true }, valid('dead-other')] }), false);
    const [cancelled, ready] = await Promise.all([view(taskIdAt(name, 0)), view(taskIdAt(name, 1))]);
    assert.deepEqual([cancelled.status, ready.status, ready.type], ['cancelled', 'pending', 'dead-known']);
  });
});

describe('a dead letter is taken in at its first delivery, not left to be dropped,', () => {
  test('whose body is no JSON', async () => {
    assert.equal(await deliver(new Map([['dead', 1n]])), false);
    assert.equal(await deliver(12n), false);
  });

  test('that counts its tasks from beyond what an id can hold', async () => {
    const body = { submission: submission(), first: 70_000, tasks: [valid('dead-far')] };
    assert.equal(await deliver(body), false);
    const seen = (await refusedTasks()).filter(({ payload }) => JSON.stringify(payload).includes('dead-far'));
    assert.equal(seen.length, 1);
  });

  test('whose submission is no name of one, and the lists go on answering', async () => {
    const names = ['z'.repeat(32), `${submission().slice(0, 14)}4${submission().slice(15)}`];
    try {
      for (const name of names) {
        assert.equal(await deliver({ submission: name, first: 0, tasks: [{ broken: name }] }), false);
        await edge.api.read('/tasks?limit=1000', TaskList);
        assert.equal(await deliver({ submission: name, first: 1, tasks: [valid('dead-name')] }), false);
        await edge.api.read('/tasks?limit=1000', TaskList);
      }
    } finally {
      await edge.sql("DELETE FROM tasks WHERE id LIKE 'z%' OR substr(id, 15, 1) <> '7'");
    }
  });

  test('of a task without its payload, which then fails and does not wait for ever', async () => {
    const name = submission();
    const { payload: _, ...task } = valid('dead-empty');
    assert.equal(await deliver({ submission: name, first: 0, tasks: [task] }), false);
    const id = taskIdAt(name, 0);
    const order = { leaseId: randomUUID(), runner: 'r', wants: [{ types: ['dead-empty'], limit: 1 }] };
    await edge.buffer.post('/tasks/claim', order);
    assert.equal((await view(id)).status, 'failed');
  });

  test('whose window is closed: what cannot be read is seen all the same', async () => {
    const timestamp = new Date(Date.now() - 3 * 3_600_000);
    const window = newSubmission(timestamp.getTime(), 0, randomBytes(6)).slice(0, 8);
    await edge.sql(
      'INSERT INTO seals (window, sealed_at, archived_at, purged_at) VALUES (?, 0, 0, 0)',
      window,
    );
    assert.equal(await deliver({ dead: 'late' }, randomUUID(), timestamp), false);
    const late = (await refusedTasks()).filter(({ payload }) => JSON.stringify(payload).includes('late'));
    assert.equal(late.length, 1);
  });
});
