import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { TaskQueue } from '../client.ts';
import { answerJson, startServer } from '../testing/server.ts';

const ID = '01a20b7b-d309-7000-9542-e9e3ee7d0000';

function event(id: string, status: string, more = {}): string {
  const view = {
    taskId: ID,
    status,
    type: 'a',
    createdAt: '2026-01-01T12:00:00.000Z',
    attempt: 1,
    maxAttempts: 3,
  };
  return `event: status\nid: ${id}\ndata: ${JSON.stringify({ ...view, ...more })}\n\n`;
}
const ENDED = event('3', 'completed', { completedAt: '2026-01-01T12:00:01.000Z' });

function stream(response: ServerResponse, text: string): ServerResponse {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(text);
  return response;
}

async function statuses(url: string): Promise<string[]> {
  const seen: string[] = [];
  for await (const { status } of new TaskQueue({ url }).follow(ID)) seen.push(status);
  return seen;
}

test('a broken stream is continued after the last event that arrived', async (t) => {
  const asked: unknown[] = [];
  const { url } = await startServer(t, ({ headers, socket }, response, calls) => {
    asked.push(headers['last-event-id']);
    if (calls === 1)
      stream(response, `:\n\n${event('1', 'pending')}`).write('event: sta', () => socket.destroy());
    else if (calls === 2) socket.destroy();
    else if (calls === 3) stream(response, event('2', 'processing')).end();
    else if (calls === 4) answerJson(response, 500, { error: 'The request failed', code: 'internal' });
    else stream(response, ENDED);
  });
  assert.deepEqual(await statuses(url), ['pending', 'processing', 'completed']);
  assert.deepEqual(asked, [undefined, '1', '1', '2', '2']);
});

test('events that arrive in pieces are put together, and comments are skipped', async (t) => {
  const { url } = await startServer(t, (_, response) => {
    stream(response, ': alive\n\nevent: status\nid: 1\nda');
    const rest =
      event('1', 'pending', { progress: 'Ünïcode' }).replace('event: status\nid: 1\nda', '') + ENDED;
    const bytes = Buffer.from(rest);
    const middle = bytes.indexOf(0xc3) + 1;
    setTimeout(() => response.write(bytes.subarray(0, middle)), 20);
    setTimeout(() => response.write(bytes.subarray(middle)), 40);
  });
  const [first, second] = await Array.fromAsync(new TaskQueue({ url }).follow(ID));
  assert.equal(first?.progress, 'Ünïcode');
  assert.equal(second?.status, 'completed');
});

test('the status 204 ends the events', async (t) => {
  const { url } = await startServer(t, (_, response) => response.writeHead(204).end());
  assert.deepEqual(await statuses(url), []);
});

test('the client gives up after three streams without an event', async (t) => {
  const { url, calls } = await startServer(t, (_, response) => stream(response, ':\n\n').end());
  await assert.rejects(statuses(url), { code: 'unreachable', message: /ended the stream of events/ });
  assert.equal(calls(), 3);
});

test('a stream that is refused permanently is not opened again', async (t) => {
  const { url, calls } = await startServer(t, (_, response) =>
    answerJson(response, 401, { error: 'This token is not valid', code: 'unauthorized' }),
  );
  await assert.rejects(statuses(url), { code: 'unauthorized', message: /check the token/ });
  assert.equal(calls(), 1);
});

for (const [what, type, body] of [
  ['a page', 'text/html', '<html></html>'],
  ['an event of another kind', 'text/event-stream', 'data: {}\n\n'],
  ['an event that is not JSON', 'text/event-stream', 'data: hello\n\n'],
] as const) {
  test(`${what} is not accepted as an event stream of a task`, async (t) => {
    const { url } = await startServer(t, (_, response) =>
      response.writeHead(200, { 'Content-Type': type }).end(body),
    );
    await assert.rejects(statuses(url), { code: 'unexpected_answer', message: /check the URL/ });
  });
}

test('the stream is closed when the reader stops', async (t) => {
  let closed = () => {};
  const closing = new Promise<void>((resolve) => {
    closed = resolve;
  });
  const { url } = await startServer(t, (_, response) => {
    response.on('close', closed);
    stream(response, event('1', 'pending'));
  });
  for await (const { status } of new TaskQueue({ url }).follow(ID)) {
    assert.equal(status, 'pending');
    break;
  }
  await closing;
});

test('a signal ends an open stream', async (t) => {
  const { url } = await startServer(t, (_, response) => stream(response, event('1', 'pending')));
  const stopped = new AbortController();
  const following = new TaskQueue({ url }).follow(ID, stopped);
  await following.next();
  const next = following.next();
  stopped.abort(new Error('Enough'));
  await assert.rejects(next, /Enough/);
});
