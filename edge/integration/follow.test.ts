import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { StatusView, Submitted } from '../contract/api.ts';
import { Claim } from '../contract/buffer.ts';
import { Ticket } from '../contract/stats.ts';
import { newSubmission, taskIdAt } from '../contract/task-id.ts';
import { workerConfig } from '../scripts/worker-config.ts';
import { expectError } from '../testing/assertions.ts';
import { read } from '../testing/caller.ts';
import { guardedEdge, OPEN, openEdge, ownEdge, TOKENS } from '../testing/shared-edges.ts';

const edge = openEdge();
const guarded = guardedEdge();

/** Claims the one ready task of a type. */
async function claim(type: string): Promise<{ taskId: string; leaseId: string }> {
  const leaseId = randomUUID();
  const order = { leaseId, runner: 'r', wants: [{ types: [type], limit: 1 }] };
  const { tasks } = await edge.buffer.read('/tasks/claim', Claim, order);
  const [task] = tasks;
  assert.ok(task);
  return { taskId: task.taskId, leaseId };
}

function complete(taskId: string, leaseId: string) {
  return edge.api.post(`/tasks/${taskId}/complete`, { success: true, leaseId });
}

function progress(taskId: string, leaseId: string, value: unknown) {
  const leases = [{ leaseId, holds: [taskId], progress: [{ taskId, value }] }];
  return edge.buffer.post('/tasks/heartbeat', { leases });
}

interface StatusEvent {
  id: string;
  status: StatusView;
}

/** Yields the events of a task as they arrive. */
async function* events(
  taskId: string,
  lastEventId?: string,
  { at = edge, query = '' } = {},
): AsyncGenerator<StatusEvent> {
  const response = await at.api.worker.fetch(`/tasks/${taskId}/events${query}`, {
    headers: lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId },
  });
  assert.equal(response.status, 200);
  assert.match(response.headers.get('Content-Type') ?? '', /^text\/event-stream/);
  const read: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (event) => read.push(event) });
  const decoder = new TextDecoder();
  for await (const bytes of response.body ?? []) {
    parser.feed(decoder.decode(bytes, { stream: true }));
    for (const { event, id = '', data } of read.splice(0)) {
      assert.equal(event, 'status');
      yield { id, status: StatusView.parse(JSON.parse(data)) };
    }
  }
}

async function next(stream: AsyncGenerator<StatusEvent>): Promise<StatusEvent> {
  const { value, done } = await stream.next();
  assert.ok(!done, 'The stream ended');
  return value;
}

describe('the status of a task', () => {
  test('is held until the task has ended', async () => {
    const id = await edge.submitReady({ type: 'wait-end' });
    const waiting = edge.api.read(`/tasks/${id}/status?wait=30`, StatusView);
    const { taskId, leaseId } = await claim('wait-end');
    await complete(taskId, leaseId);
    assert.equal((await waiting).status, 'completed');
  });

  test('is answered with its current value when the wait is over', async () => {
    const id = await edge.submit({ type: 'wait-time' });
    const started = Date.now();
    assert.equal((await edge.api.read(`/tasks/${id}/status?wait=0.3`, StatusView)).status, 'pending');
    assert.ok(Date.now() - started >= 250);
  });

  test('is answered at once if the task has ended or is unknown', async () => {
    const id = await edge.submitReady({ type: 'wait-cancelled' });
    await edge.api.post(`/tasks/${id}/cancel`);
    assert.equal((await edge.api.read(`/tasks/${id}/status?wait=60`, StatusView)).status, 'cancelled');
    const unknown = taskIdAt(newSubmission(Date.now(), 0, new Uint8Array(6)), 0);
    expectError(await edge.api.get(`/tasks/${unknown}/status?wait=60`), 'task_not_found');
  });

  test('cannot be held for more than a minute', async () => {
    const id = await edge.submit({ type: 'wait-long' });
    expectError(await edge.api.get(`/tasks/${id}/status?wait=61`), 'invalid_request');
    expectError(await edge.api.get(`/tasks/${id}/status?wait=soon`), 'invalid_request');
  });
});

describe('the events of a task', () => {
  test('contain each change of status and progress, and then end', async () => {
    const id = await edge.submitReady({ type: 'events-all' });
    const stream = events(id);
    assert.equal((await next(stream)).status.status, 'pending');
    const { taskId, leaseId } = await claim('events-all');
    assert.equal((await next(stream)).status.status, 'processing');
    await progress(taskId, leaseId, { done: 0.5 });
    assert.deepEqual((await next(stream)).status.progress, { done: 0.5 });
    await complete(taskId, leaseId);
    assert.equal((await next(stream)).status.status, 'completed');
    assert.equal((await stream.next()).done, true);
  });

  test('continue after the last event that the client has seen', async () => {
    const id = await edge.submitReady({ type: 'events-resume' });
    const first = await next(events(id));
    const resumed = events(id, first.id);
    const following = next(resumed);
    const { taskId, leaseId } = await claim('events-resume');
    const second = await following;
    assert.equal(second.status.status, 'processing', 'the first event does not come again');
    await complete(taskId, leaseId);
    const last = await next(events(id, second.id));
    assert.equal(last.status.status, 'completed');
    const { status } = await edge.api.call(`/tasks/${id}/events`, { headers: { 'Last-Event-ID': last.id } });
    assert.equal(status, 204, 'there are no more events');
  });

  test('start from the beginning if the client sends an unknown event id', async () => {
    const id = await edge.submitReady({ type: 'events-foreign' });
    assert.equal((await next(events(id, 'no such event'))).status.status, 'pending');
  });

  test('of an unknown task are refused', async () => {
    const unknown = taskIdAt(newSubmission(Date.now(), 0, new Uint8Array(6)), 0);
    expectError(await edge.api.get(`/tasks/${unknown}/events`), 'task_not_found');
  });
});

describe('while the maximum number of calls waits for a change', () => {
  const full = ownEdge([
    { config: { ...workerConfig('api'), vars: OPEN } },
    {
      config: {
        ...workerConfig('buffer'),
        main: join(import.meta.dirname, 'no-waiting.fixture.ts'),
        vars: OPEN,
      },
    },
  ]);

  test('a wait is refused temporarily, but a status is answered', async () => {
    const id = await full.submitReady({ type: 'wait-full' });
    expectError(await full.api.get(`/tasks/${id}/status?wait=10`), 'unavailable');
    assert.equal((await full.api.read(`/tasks/${id}/status`, StatusView)).status, 'pending');
  });

  test('a stream sends the task’s status and the time to reconnect', async () => {
    const id = await full.submitReady({ type: 'events-full' });
    const response = await full.api.worker.fetch(`/tasks/${id}/events`);
    assert.match(await response.text(), /^event: status\n[\s\S]*\n\nretry: 5000\n\n$/);
  });
});

describe('a ticket', () => {
  const { api } = guarded;
  const headers = { Authorization: `Bearer ${TOKENS.client}` };

  test('opens an event stream for a minute for a browser that cannot send a header', async () => {
    const submitted = await api.call('/tasks', { headers, body: { type: 'ticket', delaySeconds: 600 } });
    const { taskId: id } = read(submitted, Submitted);
    expectError(await api.get(`/tasks/${id}/events`), 'unauthorized');
    expectError(await api.call('/tickets', { method: 'POST' }), 'unauthorized');

    const answer = await api.call('/tickets', { headers, method: 'POST' });
    const { ticket, expiresAt } = read(answer, Ticket);
    const seconds = (Date.parse(expiresAt) - Date.now()) / 1000;
    assert.ok(seconds > 50 && seconds <= 60, `${seconds} s`);
    const opened = events(id, undefined, { at: guarded, query: `?ticket=${ticket}` });
    assert.equal((await next(opened)).status.status, 'pending');
    expectError(await api.get(`/tasks/${id}?ticket=${ticket}`), 'unauthorized');

    expectError(await api.get(`/tasks/${id}/events?ticket=made.up.here`), 'unauthorized');
  });
});
