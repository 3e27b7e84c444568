import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { freePort } from '../../edge/scripts/lib/local-edge.ts';
import { TaskQueue, TaskQueueError } from '../client.ts';
import type { TaskQueueErrorCode } from '../errors.ts';
import { answerJson, startServer } from '../testing/server.ts';

const ID = '01a20b7b-d309-7000-9542-e9e3ee7d0000';
const VIEW = { taskId: ID, type: 'a', createdAt: '2026-01-01T12:00:00.000Z', attempt: 1, maxAttempts: 3 };
const SUBMITTED = { success: true, taskId: ID, status: 'pending', message: 'Task queued successfully' };
const UNAVAILABLE = { error: 'The task could not be stored; submit it again', code: 'unavailable' };

async function fails(
  call: Promise<unknown>,
  code: TaskQueueErrorCode,
  sentence: RegExp,
): Promise<TaskQueueError> {
  const error = await call.then(
    () => assert.fail('It did not fail'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof TaskQueueError, String(error));
  assert.equal(error.code, code);
  assert.match(error.message, sentence);
  return error;
}

test('after a temporary failure a submission is sent again with the same Submission-Id', async (t) => {
  const seen: string[] = [];
  const { url } = await startServer(t, async (request, response, calls) => {
    seen.push(`${request.headers['submission-id']} ${await text(request)}`);
    if (calls === 1) request.socket.destroy();
    else if (calls === 2) answerJson(response, 503, UNAVAILABLE, { 'Retry-After': '0' });
    else answerJson(response, 201, SUBMITTED);
  });
  assert.equal(await new TaskQueue({ url }).submit('a', { n: 1 }), ID);
  assert.match(
    seen[0] ?? '',
    /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12} {"type":"a","payload":{"n":1}}$/,
  );
  assert.deepEqual(seen, [seen[0], seen[0], seen[0]]);
});

test('the idempotency key is sent unchanged for one task, and with the batch number for many tasks', async (t) => {
  const keys: unknown[] = [];
  const { url } = await startServer(t, (request, response) => {
    const { 'idempotency-key': key, 'submission-id': id } = request.headers;
    keys.push([key, id]);
    const taskIds = request.url === '/tasks/batch' ? { taskIds: [ID], count: 1 } : {};
    answerJson(response, 201, { ...SUBMITTED, ...taskIds });
  });
  const queue = new TaskQueue({ url });
  await queue.submit('a', {}, { idempotencyKey: 'mine' });
  await queue.submitMany(
    Array.from({ length: 1001 }, () => ({ type: 'a' })),
    { idempotencyKey: 'many' },
  );
  assert.deepEqual(keys, [
    ['mine', undefined],
    ['many.0', undefined],
    ['many.1', undefined],
  ]);
});

test('the call `retry` is sent only once, because a repeat would be refused', async (t) => {
  const { url, calls } = await startServer(t, (request) => request.socket.destroy());
  await fails(new TaskQueue({ url }).retry(ID), 'unreachable', /check the URL/);
  assert.equal(calls(), 1);
});

test('a call is not repeated if the worker has no tokens configured', async (t) => {
  const error = 'This worker has no token yet: set the secret API_TOKENS';
  const { url, calls } = await startServer(t, (_, response) =>
    answerJson(response, 503, { error, code: 'not_configured' }, { 'Retry-After': '5' }),
  );
  await fails(new TaskQueue({ url }).status(ID), 'not_configured', /set the secret API_TOKENS/);
  assert.equal(calls(), 1);
});

test('the error of a rate limit contains the time to wait', async (t) => {
  const body = { error: 'Too many requests with this token; wait a minute', code: 'rate_limited' };
  const { url } = await startServer(t, (_, response) =>
    answerJson(response, 429, body, { 'Retry-After': '60' }),
  );
  const error = await fails(new TaskQueue({ url }).list(), 'rate_limited', /wait a minute/);
  assert.deepEqual([error.status, error.retryAfterSeconds], [429, 60]);
});

test('the error for an address where nothing listens names the address and what to check', async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  const sentence = new RegExp(`at ${url} does not answer \\(ECONNREFUSED\\): check the URL$`);
  const error = await fails(new TaskQueue({ url: `${url}/` }).stats(), 'unreachable', sentence);
  assert.equal(error.status, undefined);
});

for (const url of ['', 'localhost:8787', 'ftp://host', 'queue']) {
  test(`${JSON.stringify(url)} is refused as a URL`, () => {
    assert.throws(
      () => new TaskQueue({ url }),
      /^TypeError: Expected `url`, the http or https URL of the API Worker, got/,
    );
  });
}

for (const token of ['my token…', 'odd!tok#1', 'a,b', '']) {
  test(`the token ${JSON.stringify(token)}, which the workers never accept, is refused before any call`, () => {
    assert.throws(() => new TaskQueue({ url: 'http://localhost:8787', token }), {
      message:
        'Expected `token` to have only the letters A to Z and a to z, digits, and . _ ~ + / -, with = only at the end',
    });
  });
}

for (const [what, status, body] of [
  ['a page of HTML', 200, '<html></html>'],
  ['JSON of another form', 200, '{"tasks":1}'],
  ['an error of another server', 404, 'Not Found'],
] as const) {
  test(`${what} is not accepted as an answer of the API Worker`, async (t) => {
    const { url } = await startServer(t, (_, response) => response.writeHead(status).end(body));
    const sentence = new RegExp(
      `${url}/tasks returned ${status} and not an answer of the API Worker: check the URL`,
    );
    await fails(new TaskQueue({ url }).list(), 'unexpected_answer', sentence);
  });
}

for (const status of [301, 302, 307, 308]) {
  test(`a redirect with status ${status} is an error and is not followed`, async (t) => {
    const other = await startServer(t, (_, response) => answerJson(response, 201, SUBMITTED));
    const { url, calls } = await startServer(t, (_, response) =>
      response.writeHead(status, { Location: `${other.url}/p?secret=1` }).end(),
    );
    const sentence = new RegExp(
      `^${url} redirects to ${other.url} \\(status ${status}\\), and the client follows no redirects: correct \`url\``,
    );
    const queue = new TaskQueue({ url });
    const tries = [() => queue.submit('a', { n: 1 }), () => queue.status(ID), () => queue.follow(ID).next()];
    for (const call of tries) {
      const error = await fails(call(), 'unexpected_answer', sentence);
      assert.equal(error.status, status);
    }
    assert.deepEqual([calls(), other.calls()], [3, 0]);
  });
}

test('a redirect that a browser hides is an error and is not repeated', async () => {
  const url = 'http://127.0.0.1:9';
  let calls = 0;
  const hidden = async () => {
    calls += 1;
    return Object.defineProperties(new Response(null), { status: { value: 0 }, ok: { value: false } });
  };
  const queue = new TaskQueue({ url, fetch: hidden });
  const sentence = /^http:\/\/127\.0\.0\.1:9 redirects, and the client follows no redirects: correct `url`/;
  await fails(queue.submit('a'), 'unexpected_answer', sentence);
  await fails(queue.follow(ID).next(), 'unexpected_answer', sentence);
  assert.equal(calls, 2);
});

test('an aborted call rejects with the reason of its signal', async (t) => {
  const { url } = await startServer(t, () => {});
  const queue = new TaskQueue({ url });
  const stopped = new AbortController();
  const calls = [
    queue.submit('a', {}, stopped),
    queue.submitMany([{ type: 'a' }], stopped),
    queue.wait(ID, stopped),
    queue.cancelAll({}, stopped),
    queue.follow(ID, stopped).next(),
  ];
  const reason = new Error('Enough');
  setTimeout(() => stopped.abort(reason), 50);
  for (const call of calls) await assert.rejects(call, reason);
});

test('a wait polls once a second if the worker answers at once', async (t) => {
  const { url, calls } = await startServer(t, (_, response) =>
    answerJson(response, 200, { ...VIEW, status: 'pending' }),
  );
  await fails(
    new TaskQueue({ url }).wait(ID, { timeoutSeconds: 0.5 }),
    'wait_timeout',
    /has not ended within 0\.5 s; its status is pending/,
  );
  assert.ok(calls() <= 2, `${calls()} calls`);
});

test('a wait continues if the ended task was retried before the client could read it', async (t) => {
  const ended = {
    ...VIEW,
    status: 'failed',
    completedAt: VIEW.createdAt,
    error: { code: 'task_error', message: 'x' },
  };
  const whole = { payload: {}, priority: 0, attempts: [] };
  const answers = [ended, { ...VIEW, ...whole, status: 'pending' }, ended, { ...ended, ...whole }];
  const { url } = await startServer(t, (_, response, calls) => answerJson(response, 200, answers[calls - 1]));
  assert.equal((await new TaskQueue({ url }).wait(ID)).status, 'failed');
});

test('a payload that JSON cannot represent or that is too large is not sent', async (t) => {
  const { url, calls } = await startServer(t, (_, response) => response.end());
  const queue = new TaskQueue({ url });
  await fails(
    queue.submit('a', { n: 1n }),
    'invalid_request',
    /^payload: Expected a payload that JSON can represent: .*BigInt/,
  );
  const large = { type: 'a', payload: 'x'.repeat(10 * 1024 * 1024) };
  const error = await fails(
    queue.submitMany([large]),
    'payload_too_large',
    /^tasks\.0\.payload: Expected a payload of at most/,
  );
  assert.equal(error.issues?.[0]?.path, 'tasks.0.payload');
  assert.equal(calls(), 0);
});

test('a text that is not a task id is refused before it becomes part of a URL', async () => {
  const queue = new TaskQueue({ url: 'http://127.0.0.1:9' });
  for (const id of ['', '..', 'abc', `${ID}/cancel`]) {
    await fails(queue.status(id), 'invalid_request', /Expected a task id as returned by a submission, got/);
  }
});
