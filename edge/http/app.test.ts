import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createApp, serve, type WorkerEnv } from './app.ts';
import { routeFor } from './testing.ts';

/** An application with one call for clients, and the keys that its limiter was asked for. */
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

test('a client token is limited by itself, and told when to come back', async () => {
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

test('every answer carries the security headers, errors included', async () => {
  const { call } = limitedApp(1);
  for (const token of ['client-a', 'nobody']) {
    const { headers } = await call(token);
    assert.equal(headers.get('X-Content-Type-Options'), 'nosniff');
    assert.equal(headers.get('X-Frame-Options'), 'SAMEORIGIN');
    assert.ok(headers.get('Strict-Transport-Security'));
  }
});

test('an unforeseen error says nothing of what is inside', async (t) => {
  t.mock.method(console, 'error', () => {});
  const app = createApp<WorkerEnv>('test');
  serve(app, '/broken', {
    GET: [
      routeFor(),
      () => {
        throw new Error('secret detail');
      },
    ],
  });
  const answer = await app.request('/broken', {}, { AUTH: 'off' });
  assert.equal(answer.status, 500);
  assert.doesNotMatch(await answer.text(), /secret/);
});
