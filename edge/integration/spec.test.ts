import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { Completed, Health, StatusView, Submitted, TaskList, TaskView } from '../contract/api.ts';
import { BufferList, Removed, SingleClaim } from '../contract/buffer.ts';
import { expectError, ISO_TIME } from '../testing/assertions.ts';
import { read } from '../testing/caller.ts';
import { openEdge } from '../testing/shared-edges.ts';

const edge = openEdge();

/** The fields that the specification shows, with placeholders for times. An answer may have other fields too. */
function shown(body: unknown, fields: readonly string[]): Record<string, unknown> {
  const entries = Object.entries(body ?? {}).filter(([name]) => fields.includes(name));
  return Object.fromEntries(
    entries.map(([name, value]) => [name, ISO_TIME.test(String(value)) ? 'TIME' : value]),
  );
}

const STATUS_FIELDS = ['taskId', 'status', 'type', 'createdAt', 'completedAt'];
const statusOf = (id: string) => edge.api.get(`/tasks/${id}/status`);

/** A consumer as the specification describes it: it polls, claims one by one and reports to both workers. */
async function consume(type: string, work: (payload: unknown) => Promise<void>): Promise<string[]> {
  const { tasks } = await edge.buffer.read('/tasks/ready', BufferList);
  const done: string[] = [];
  for (const { id } of tasks.filter((task) => task.type === type)) {
    const claim = await edge.buffer.post(`/tasks/${id}/claim`, {});
    if (claim.status === 409) continue;
    const { task } = read(claim, SingleClaim);
    const report = await work(task.payload).then(
      () => ({ success: true }),
      (error: Error) => ({ success: false, error: error.message }),
    );
    await edge.api.read(`/tasks/${id}/complete`, Completed, report);
    await edge.buffer.read(`/tasks/${id}/complete`, Removed, {});
    done.push(id);
  }
  return done;
}

describe('the calls of the specification', () => {
  before(() => edge.clear());

  test('both workers answer /health', async () => {
    for (const [caller, service] of [
      [edge.api, 'task-api-v2'],
      [edge.buffer, 'queue-buffer-v2'],
    ] as const) {
      const answer = await caller.get('/health');
      read(answer, Health);
      assert.deepEqual(shown(answer.body, ['status', 'timestamp', 'service']), {
        status: 'healthy',
        timestamp: 'TIME',
        service,
      });
    }
  });

  test('the three examples of a submission are accepted', async () => {
    for (const task of [
      {
        type: 'spec-email',
        payload: { to: 'user@example.com', subject: 'Welcome Email', template: 'welcome' },
      },
      {
        type: 'spec-heavy',
        payload: { operation: 'data_analysis', parameters: { algorithm: 'machine_learning' } },
      },
      { type: 'spec-test', payload: { shouldFail: true, errorMessage: 'Simulated failure for testing' } },
    ]) {
      const answer = await edge.api.post('/tasks', task);
      assert.equal(answer.status, 201);
      const { taskId } = read(answer, Submitted);
      assert.deepEqual(shown(answer.body, ['success', 'taskId', 'status', 'message']), {
        success: true,
        taskId,
        status: 'pending',
        message: 'Task queued successfully',
      });
    }
  });

  test('a task can be read as soon as it is accepted, before the queue has delivered it', async () => {
    const id = await edge.submit({ type: 'spec-soon', payload: { n: 1 } });
    const view = await edge.api.read(`/tasks/${id}`, TaskView);
    assert.deepEqual(
      [view.taskId, view.status, view.type, view.payload],
      [id, 'pending', 'spec-soon', { n: 1 }],
    );
  });

  test('the status changes from pending to processing to completed', async () => {
    const id = await edge.submitReady({ type: 'spec-status' });
    const base = { taskId: id, type: 'spec-status', createdAt: 'TIME' };
    assert.deepEqual(shown((await statusOf(id)).body, STATUS_FIELDS), { ...base, status: 'pending' });
    await edge.buffer.read(`/tasks/${id}/claim`, SingleClaim, {});
    assert.deepEqual(shown((await statusOf(id)).body, STATUS_FIELDS), { ...base, status: 'processing' });
    await edge.api.read(`/tasks/${id}/complete`, Completed, { success: true, result: { sent: true } });
    const answer = await statusOf(id);
    read(answer, StatusView);
    assert.deepEqual(shown(answer.body, STATUS_FIELDS), {
      ...base,
      status: 'completed',
      completedAt: 'TIME',
    });
    const view = await edge.api.read(`/tasks/${id}`, TaskView);
    assert.deepEqual([view.result, view.attempts.length], [{ sent: true }, 1]);
    assert.ok((view.completedAt ?? '') >= view.createdAt);
  });

  test('the list shows tasks newest first, filtered by status and type, page by page', async () => {
    const [first, second] = await edge.submitManyReady('spec-list', 2);
    assert.ok(first && second);
    await edge.buffer.read(`/tasks/${first}/claim`, SingleClaim, {});
    await edge.api.read(`/tasks/${first}/complete`, Completed, { success: true });

    const answer = await edge.api.get('/tasks?type=spec-list');
    const { tasks, count, nextCursor } = read(answer, TaskList);
    assert.deepEqual(
      tasks.map((task) => shown(task, ['id', 'type', 'status', 'createdAt', 'completedAt'])),
      [
        { id: second, type: 'spec-list', status: 'pending', createdAt: 'TIME' },
        { id: first, type: 'spec-list', status: 'completed', createdAt: 'TIME', completedAt: 'TIME' },
      ],
    );
    assert.deepEqual([count, nextCursor], [2, undefined]);

    const completed = await edge.api.read('/tasks?type=spec-list&status=completed', TaskList);
    assert.deepEqual(
      completed.tasks.map((task) => task.id),
      [first],
    );
    const page = await edge.api.read('/tasks?type=spec-list&limit=1', TaskList);
    assert.deepEqual(
      page.tasks.map((task) => task.id),
      [second],
    );
    const next = await edge.api.read(`/tasks?type=spec-list&limit=1&cursor=${page.nextCursor}`, TaskList);
    assert.deepEqual(
      next.tasks.map((task) => task.id),
      [first],
    );
  });

  test('the buffer lists the ready tasks, and all tasks that have not ended', async () => {
    const id = await edge.submitReady({ type: 'spec-buffer', payload: { n: 1 } });
    const fields = ['taskId', 'id', 'type', 'payload', 'createdAt', 'receivedAt', 'status', 'claimedAt'];
    const base = {
      taskId: id,
      id,
      type: 'spec-buffer',
      payload: { n: 1 },
      createdAt: 'TIME',
      receivedAt: 'TIME',
    };
    for (const path of ['/tasks/ready', '/tasks/all']) {
      const answer = await edge.buffer.get(path);
      const { tasks, count, timestamp } = read(answer, BufferList);
      assert.equal(count, tasks.length);
      assert.match(timestamp, ISO_TIME);
      assert.deepEqual(
        shown(
          tasks.find((task) => task.id === id),
          fields,
        ),
        { ...base, status: 'ready' },
      );
    }
    await edge.buffer.read(`/tasks/${id}/claim`, SingleClaim, {});
    const ready = await edge.buffer.read('/tasks/ready', BufferList);
    assert.equal(
      ready.tasks.find((task) => task.id === id),
      undefined,
    );
    const all = await edge.buffer.read('/tasks/all', BufferList);
    const processing = { ...base, status: 'processing', claimedAt: 'TIME' };
    assert.deepEqual(
      shown(
        all.tasks.find((task) => task.id === id),
        fields,
      ),
      processing,
    );
    assert.equal((await edge.buffer.read('/tasks/ready?limit=1', BufferList)).count <= 1, true);
  });

  test('a claim, a report and a removal have the answers that the consumer logs', async () => {
    const id = await edge.submitReady({ type: 'spec-calls', payload: { n: 1 } });
    const early = expectError(await edge.buffer.post(`/tasks/${id}/complete`), 'task_not_finished');
    assert.deepEqual([early.taskId, early.currentStatus], [id, 'ready']);

    const claim = await edge.buffer.post(`/tasks/${id}/claim`, {});
    const { task, message } = read(claim, SingleClaim);
    assert.deepEqual([task.id, task.taskId, task.payload, task.status], [id, id, { n: 1 }, 'processing']);
    assert.match(task.claimedAt ?? '', ISO_TIME);
    assert.equal(message, 'Task claimed successfully');

    const again = await edge.buffer.post(`/tasks/${id}/claim`, {});
    expectError(again, 'task_not_available');
    assert.deepEqual(shown(again.body, ['error', 'taskId', 'currentStatus']), {
      error: 'Task not available',
      taskId: id,
      currentStatus: 'processing',
    });

    const report = { success: true, message: 'Task marked as completed', taskId: id, status: 'completed' };
    for (let time = 0; time < 2; time++) {
      assert.deepEqual((await edge.api.post(`/tasks/${id}/complete`, { success: true })).body, report);
    }
    const removed = { success: true, message: 'Task removed from buffer', taskId: id };
    for (let time = 0; time < 2; time++) {
      assert.deepEqual((await edge.buffer.post(`/tasks/${id}/complete`)).body, removed);
    }
  });

  test('a failure is reported as in the specification, with an error as text', async () => {
    const id = await edge.submitReady({ type: 'spec-failure', maxAttempts: 5 });
    await edge.buffer.read(`/tasks/${id}/claim`, SingleClaim, {});
    const report = await edge.api.post(`/tasks/${id}/complete`, {
      success: false,
      error: 'Simulated task failure',
    });
    assert.deepEqual(report.body, {
      success: true,
      message: 'Task marked as failed',
      taskId: id,
      status: 'failed',
    });
    const view = await edge.api.read(`/tasks/${id}/status`, StatusView);
    assert.deepEqual([view.status, view.error?.message], ['failed', 'Simulated task failure']);
    assert.match(view.completedAt ?? '', ISO_TIME);
  });
});

describe('a consumer written for the specification', () => {
  before(() => edge.clear());

  test('completes tasks that succeed, fails tasks that throw, and finds none afterwards', async () => {
    const good = await edge.submit({ type: 'spec-work', payload: {} });
    const bad = await edge.submit({ type: 'spec-work', payload: { shouldFail: true } });
    await edge.ready('spec-work', 2);
    const done = await consume('spec-work', async (payload) => {
      if (JSON.stringify(payload).includes('shouldFail')) throw new Error('Simulated failure for testing');
    });
    assert.deepEqual(done.toSorted(), [good, bad].toSorted());
    const statuses = await Promise.all(
      [good, bad].map((id) => edge.api.read(`/tasks/${id}/status`, StatusView)),
    );
    assert.deepEqual(
      statuses.map((view) => [view.status, view.error?.message]),
      [
        ['completed', undefined],
        ['failed', 'Simulated failure for testing'],
      ],
    );
    assert.deepEqual(await consume('spec-work', async () => {}), []);
  });

  test('never runs a task of another: eight consumers race for 50 tasks and run each once', {
    timeout: 120_000,
  }, async () => {
    const type = 'spec-race';
    const ids = await edge.submitManyReady(type, 50, { priority: 100 });
    const runs: string[] = [];
    const race = async () => {
      while (runs.length < ids.length) runs.push(...(await consume(type, async () => {})));
    };
    await Promise.all(Array.from({ length: 8 }, race));
    assert.deepEqual(runs.toSorted(), ids.toSorted());
    const { tasks } = await edge.api.read(`/tasks?type=${type}&status=completed&limit=1000`, TaskList);
    assert.equal(tasks.length, 50);
  });
});
