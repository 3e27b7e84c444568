import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Handler } from 'hono';
import { z } from 'zod';
import { createApp, serve, type WorkerEnv } from './app.ts';
import { bodyOf } from './body.ts';
import type { RouteDescription } from './openapi.ts';
import { routeFor } from './testing/route-for.ts';

const MB = 1024 * 1024;
const ENV: WorkerEnv = { API_TOKENS: 'client-token', RUNNER_TOKENS: 'runner-token', LOG_LEVEL: 'error' };
const TAKES_BODY: RouteDescription = {
  ...routeFor('client'),
  body: { schema: z.unknown(), example: {} },
};

/** An endpoint for runners. */
const RUNNER = { path: '/reports', token: 'runner-token' };

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

/** An application whose endpoints return the length of the body after `open` was called. */
function holdingApp() {
  const app = createApp<WorkerEnv>('test');
  const gate = Promise.withResolvers<void>();
  const reached: number[] = [];
  const answerLength: Handler = async (c) => {
    reached.push(bodyOf(c).length);
    await gate.promise;
    return c.text(String(bodyOf(c).length));
  };
  serve(app, '/tasks', { POST: [TAKES_BODY, answerLength] });
  serve(app, RUNNER.path, { POST: [{ ...TAKES_BODY, ...routeFor('runner') }, answerLength] });
  const post = async (
    body: BodyInit,
    { path = '/tasks', token = 'client-token', env = ENV, headers = {} } = {},
  ) => {
    // The `Request` of Node requires `duplex` if the body is a stream.
    const init = { method: 'POST', body, duplex: 'half', headers: { ...headers, ...bearer(token) } };
    return app.request(path, init, env);
  };
  return { post, reached, open: () => gate.resolve() };
}

/** A body without a declared length. `read` returns how many chunks were read. */
function streamOf(megabytes: number, failure?: Error) {
  const chunk = new Uint8Array(MB).fill(120);
  let read = 0;
  const stream = new ReadableStream(
    {
      pull(controller) {
        read += 1;
        if (read <= megabytes) controller.enqueue(chunk);
        else if (failure) controller.error(failure);
        else controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, read: () => read };
}

/** Waits until a condition is true. It is checked once in each turn of the event loop. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate);
}

for (const [name, status, options] of [
  ['without a valid token', 401, { token: 'wrong' }],
  ['with a token of another scope', 403, { token: 'runner-token' }],
  ['to a worker that is not configured', 503, { env: { LOG_LEVEL: 'error' } }],
  ['to a path that is not served', 404, { path: '/nothing' }],
  ['with a Content-Length that is too large', 413, { headers: { 'Content-Length': String(21 * MB) } }],
] as const) {
  test(`a request ${name} is refused, and its body is not read`, async () => {
    const { post } = holdingApp();
    const { stream, read } = streamOf(1);
    assert.equal((await post(stream, options)).status, status);
    assert.equal(read(), 0);
  });
}

test('a body without a declared length is read up to the size limit of a request', async () => {
  const { post, open } = holdingApp();
  open();
  const fits = streamOf(20);
  const answer = await post(fits.stream);
  assert.deepEqual([answer.status, await answer.text()], [200, String(20 * MB)]);
  const over = streamOf(40);
  const refused = await post(over.stream);
  assert.equal(refused.status, 413);
  assert.partialDeepStrictEqual(await refused.json(), { code: 'request_too_large' });
  assert.equal(over.read(), 21);
});

for (const declared of [true, false]) {
  const bodyOfSize = (megabytes: number) =>
    declared ? new Uint8Array(megabytes * MB).fill(120) : streamOf(megabytes).stream;
  const headersOf = (megabytes: number) => (declared ? { 'Content-Length': String(megabytes * MB) } : {});

  test(`large bodies ${declared ? '' : 'without a declared length '}get 503 while the worker holds too many bytes`, async () => {
    const { post, open, reached } = holdingApp();
    const send = (megabytes: number) => post(bodyOfSize(megabytes), { headers: headersOf(megabytes) });
    const first = send(20);
    await until(() => reached.length === 1);
    const refused = await send(5);
    assert.deepEqual([refused.status, refused.headers.get('Retry-After')], [503, '5']);
    assert.partialDeepStrictEqual(await refused.json(), { code: 'unavailable' });
    const small = send(1);
    await until(() => reached.length === 2);
    open();
    assert.deepEqual([(await first).status, (await small).status, (await send(20)).status], [200, 200, 200]);
  });
}

test('small bodies of clients are limited too, so that runners still have capacity', async () => {
  const { post, open, reached } = holdingApp();
  const small = new Uint8Array(MB).fill(120);
  const send = (options = {}) => post(small, { headers: { 'Content-Length': String(MB) }, ...options });
  const held = Array.from({ length: 24 }, () => send());
  await until(() => reached.length === 24);
  assert.equal((await send()).status, 503);
  const reports = Array.from({ length: 8 }, () => send(RUNNER));
  await until(() => reached.length === 32);
  assert.equal((await send(RUNNER)).status, 503);
  open();
  for (const one of [...held, ...reports]) assert.equal((await one).status, 200);
});

/** A body that stalls after its first byte. */
function stalledBody() {
  let [pulls, cancelled] = [0, false];
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        pulls += 1;
        if (pulls === 1) controller.enqueue(Uint8Array.of(123));
        return pulls === 1 ? undefined : new Promise(() => {});
      },
      cancel() {
        cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, isStalled: () => pulls === 2, isCancelled: () => cancelled };
}

test('stalled bodies do not use the capacity of other bodies', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const { post, open } = holdingApp();
  open();
  const bodies = Array.from({ length: 100 }, stalledBody);
  const headers = { 'Content-Length': String(MB) };
  const answers = bodies.map(({ stream }) => post(stream, { headers }));
  await until(() => bodies.every(({ isStalled }) => isStalled()));
  const large = new Uint8Array(19 * MB).fill(120);
  const answer = await post(large, { headers: { 'Content-Length': String(large.length) } });
  assert.equal(answer.status, 200);
  t.mock.timers.tick(30_010);
  for (const { status } of await Promise.all(answers)) assert.equal(status, 400);
});

test('a body that stalls is cancelled after 30 seconds', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const { post } = holdingApp();
  const { stream, isStalled, isCancelled } = stalledBody();
  const answering = post(stream, { headers: { 'Content-Length': '2' } });
  await until(isStalled);
  t.mock.timers.tick(29_990);
  await new Promise(setImmediate);
  assert.equal(isCancelled(), false);
  t.mock.timers.tick(20);
  const answer = await answering;
  assert.equal(answer.status, 400);
  assert.match(await answer.text(), /arrived too slowly/);
  assert.equal(isCancelled(), true);
});

test('a large body gets more time while it keeps arriving', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const { post, open } = holdingApp();
  open();
  let arrive = (_: Uint8Array | null) => {};
  const taken = () => new Promise<Uint8Array | null>((resolve) => (arrive = resolve));
  let [waits, asked] = [0, 1];
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        waits += 1;
        const chunk = await taken();
        if (chunk) controller.enqueue(chunk);
        else controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  const answering = post(stream);
  for (const chunk of [1, 2, 3].map(() => new Uint8Array(MB).fill(120))) {
    await until(() => waits === asked);
    asked += 1;
    t.mock.timers.tick(15_000);
    arrive(chunk);
  }
  await until(() => waits === asked);
  arrive(null);
  assert.equal(await (await answering).text(), String(3 * MB));
});

test('an upload that breaks off is not logged as a failure, and its bytes are released', async (t) => {
  const logged = (['error', 'warn', 'info'] as const).map((level) => t.mock.method(console, level, () => {}));
  const { post, open } = holdingApp();
  open();
  const cut = () => post(streamOf(10, new Error('Network connection lost.')).stream);
  for (const answer of await Promise.all([cut(), cut()])) {
    assert.equal(answer.status, 400);
    assert.partialDeepStrictEqual(await answer.json(), { code: 'invalid_request' });
  }
  assert.deepEqual(
    logged.map(({ mock }) => mock.callCount()),
    [0, 0, 0],
  );
  assert.equal((await post(streamOf(20).stream)).status, 200);
});

test('a character that is split across chunks is decoded correctly', async () => {
  const { post, open } = holdingApp();
  open();
  const bytes = new TextEncoder().encode('€'.repeat(10));
  const stream = new ReadableStream({
    start(controller) {
      for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
      controller.close();
    },
  });
  assert.equal(await (await post(stream)).text(), '10');
});
