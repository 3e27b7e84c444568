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

/** The deployed Consumer Worker, except that a message becomes a dead letter after its first delivery. */
const { queues, ...config } = workerConfig('buffer');
const consumers = queues.consumers.map((consumer: { queue: string }) =>
  consumer.queue === TASK_QUEUE ? { ...consumer, max_retries: 0 } : consumer,
);
const edge = ownEdge([
  { config: { ...workerConfig('api'), vars: OPEN } },
  { config: { ...config, queues: { consumers }, vars: OPEN } },
]);

/** Sends messages through the queue. If one cannot be inserted, it goes on to the dead-letter queue. */
async function send(...bodies: unknown[]): Promise<void> {
  const { TASK_QUEUE: queue } = await edge.env();
  await queue.sendBatch(bodies.map((body) => ({ body })));
}

/** Hands a dead letter to the worker, and returns whether the worker asks to retry it. */
async function deliver(body: unknown, id: string = randomUUID(), timestamp = new Date()): Promise<boolean> {
  return (await edge.deliver(DEAD_LETTERS, { id, timestamp, body })).length > 0;
}

const submission = () => newSubmission(Date.now(), 0, randomBytes(6));
const view = (id: string) => edge.api.read(`/tasks/${id}`, TaskView);
const valid = (type: string, payload: unknown = {}) => ({ type, payload, priority: 0 });

/** The failed tasks that the API shows for messages that could not be inserted. */
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
  test('becomes a failed task with the reason, and its valid neighbours run', async () => {
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

  test('of any form becomes a failed task, and none is lost', async () => {
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

  test('that is delivered again becomes the same failed task', async () => {
    const [id, timestamp] = [randomUUID(), new Date()];
    for (let delivery = 0; delivery < 3; delivery += 1) {
      assert.equal(await deliver({ dead: 'again' }, id, timestamp), false);
    }
    const again = (await refusedTasks()).filter(({ payload }) => JSON.stringify(payload).includes('again'));
    assert.equal(again.length, 1);
  });

  test('that arrives after its tasks were inserted does not change them', async () => {
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

describe('a dead letter is processed at its first delivery and not dropped', () => {
  test('if its body is not JSON', async () => {
    assert.equal(await deliver(new Map([['dead', 1n]])), false);
    assert.equal(await deliver(12n), false);
  });

  test('if the index of its first task is larger than an id can contain', async () => {
    const body = { submission: submission(), first: 70_000, tasks: [valid('dead-far')] };
    assert.equal(await deliver(body), false);
    const seen = (await refusedTasks()).filter(({ payload }) => JSON.stringify(payload).includes('dead-far'));
    assert.equal(seen.length, 1);
  });

  test('if its submission name is invalid, and the lists still work', async () => {
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

  test('if a task has no payload, and the task fails instead of waiting forever', async () => {
    const name = submission();
    const { payload: _, ...task } = valid('dead-empty');
    assert.equal(await deliver({ submission: name, first: 0, tasks: [task] }), false);
    const id = taskIdAt(name, 0);
    const order = { leaseId: randomUUID(), runner: 'r', wants: [{ types: ['dead-empty'], limit: 1 }] };
    await edge.buffer.post('/tasks/claim', order);
    assert.equal((await view(id)).status, 'failed');
  });

  test('if its window is closed, and an unreadable message is still shown', async () => {
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
