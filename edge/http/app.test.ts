import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createApp, serve, type WorkerEnv } from './app.ts';
import { ApiError } from './errors.ts';
import { routeFor } from './testing/route-for.ts';

/** An application with one endpoint, and the keys that the worker passed to the rate limiter. */
function limitedApp(limit: number) {
  const asked: string[] = [];
  const env: WorkerEnv = {
    API_TOKENS: 'client-a,client-b',
    RUNNER_TOKENS: 'runner',
    RATE_LIMITER: {
      async limit({ key }) {
        asked.push(key);
        return { success: asked.filter((one) => one === key).length <= limit };
      },
    },
  };
  const app = createApp<WorkerEnv>('test');
  serve(app, '/work', { GET: [routeFor('client', 'runner'), (c) => c.text('done')] });
  const call = (token: string) =>
    app.request('/work', { headers: { Authorization: `Bearer ${token}` } }, env);
  return { call, asked };
}

test('each client token has a separate rate limit, and a refused request gets Retry-After', async () => {
  const { call, asked } = limitedApp(2);
  for (const status of [200, 200, 429]) assert.equal((await call('client-a')).status, status);
  assert.equal((await call('client-b')).status, 200);
  const refused = await call('client-a');
  assert.equal(refused.headers.get('Retry-After'), '60');
  assert.partialDeepStrictEqual(await refused.json(), { code: 'rate_limited' });
  assert.ok(
    asked.every((key) => !key.includes('client')),
    'the limiter sees no token',
  );
});

test('a runner is not limited', async () => {
  const { call, asked } = limitedApp(0);
  assert.equal((await call('runner')).status, 200);
  assert.deepEqual(asked, []);
});

test('every response has the security headers, including errors', async () => {
  const { call } = limitedApp(1);
  for (const token of ['client-a', 'nobody']) {
    const { headers } = await call(token);
    assert.equal(headers.get('X-Content-Type-Options'), 'nosniff');
    assert.equal(headers.get('X-Frame-Options'), 'SAMEORIGIN');
    assert.ok(headers.get('Strict-Transport-Security'));
    assert.equal(headers.get('Cache-Control'), 'no-store');
  }
});

test('a response contains only the beginning of a long path', async () => {
  const app = createApp<WorkerEnv>('test');
  const answer = await app.request(`/${'x'.repeat(10_000)}`, {}, { AUTH: 'off' });
  assert.equal(answer.status, 404);
  assert.ok((await answer.text()).length < 400);
});

const TASK = '01890a5d-ac96-7b4e-8f7a-2d1f3c5b7a99';

/** Calls a handler that throws, at `/tasks/:id/broken`. */
async function callThrowing(error: Error) {
  const app = createApp<WorkerEnv>('test');
  const fail = () => {
    throw error;
  };
  serve(app, '/tasks/:id/broken', { POST: [routeFor(), fail] });
  return app.request(`/tasks/${TASK}/broken?ticket=secret`, { method: 'POST' }, { AUTH: 'off' });
}

test('the details of an unexpected error are logged, but not sent to the client', async (t) => {
  const { mock } = t.mock.method(console, 'error', () => {});
  const answer = await callThrowing(new Error('secret detail'));
  assert.equal(answer.status, 500);
  assert.doesNotMatch(await answer.text(), /secret/);
  const [line] = mock.calls.map(({ arguments: [first] }) => first);
  assert.partialDeepStrictEqual(line, {
    level: 'error',
    method: 'POST',
    path: `/tasks/${TASK}/broken`,
    taskId: TASK,
    status: 500,
    error: { name: 'Error', message: 'secret detail' },
  });
  assert.match(line.error.stack, /app\.test\.ts/);
});

test('a 503 is logged with its request, a 404 is not logged', async (t) => {
  const { mock } = t.mock.method(console, 'warn', () => {});
  assert.equal((await callThrowing(new ApiError('task_not_found', 'Task not found'))).status, 404);
  assert.equal(mock.callCount(), 0);
  assert.equal((await callThrowing(new ApiError('full', 'The ledger is full'))).status, 503);
  assert.deepEqual(mock.calls[0]?.arguments, [
    {
      level: 'warn',
      message: 'A request was refused',
      method: 'POST',
      path: `/tasks/${TASK}/broken`,
      taskId: TASK,
      status: 503,
      code: 'full',
      reason: 'The ledger is full',
    },
  ]);
});
