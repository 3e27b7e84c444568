import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createApp, serve, type WorkerEnv } from './app.ts';
import { routeFor } from './testing/route-for.ts';

const ALLOWED = 'https://dashboard.example';
const OTHER = 'https://evil.example';
const LISTED: WorkerEnv = {
  API_TOKENS: 'client-token',
  ALLOWED_ORIGINS: `${ALLOWED}, https://second.example`,
};

const app = createApp<WorkerEnv>('test');
serve(app, '/tasks', { POST: [routeFor('client'), (c) => c.text('done')] });

const allowedOrigin = ({ headers }: Response) => headers.get('Access-Control-Allow-Origin');

async function preflight(origin: string, env: WorkerEnv): Promise<Response> {
  const headers = {
    Origin: origin,
    'Access-Control-Request-Method': 'POST',
    'Access-Control-Request-Headers':
      'authorization,content-type,idempotency-key,submission-id,last-event-id',
  };
  return app.request('/tasks', { method: 'OPTIONS', headers }, env);
}

async function from(origin: string, path: string, env: WorkerEnv): Promise<Response> {
  return app.request(path, { headers: { Origin: origin } }, env);
}

describe('a preflight', () => {
  test('from an allowed origin needs no token, and its response lists what is allowed', async () => {
    for (const origin of [ALLOWED, 'https://second.example']) {
      const answer = await preflight(origin, LISTED);
      assert.equal(answer.status, 204);
      assert.equal(allowedOrigin(answer), origin);
      assert.match(answer.headers.get('Access-Control-Allow-Methods') ?? '', /\bPOST\b/);
      const headers = (answer.headers.get('Access-Control-Allow-Headers') ?? '').toLowerCase();
      for (const name of [
        'authorization',
        'content-type',
        'idempotency-key',
        'submission-id',
        'last-event-id',
      ])
        assert.ok(headers.includes(name));
    }
  });

  test('from any other origin gets a response without an allowed origin', async () => {
    for (const origin of [
      OTHER,
      'null',
      `${ALLOWED}.evil.example`,
      ALLOWED.replace('https', 'http'),
      `${ALLOWED}:8443`,
    ]) {
      assert.equal(allowedOrigin(await preflight(origin, LISTED)), null, origin);
    }
  });
});

describe('a response', () => {
  test('to an allowed origin can be read by its page, even if the response is an error', async () => {
    const health = await from(ALLOWED, '/health', LISTED);
    assert.match(health.headers.get('Vary') ?? '', /\bOrigin\b/i);
    const refused = await from(ALLOWED, '/tasks', LISTED);
    const missing = await from(ALLOWED, '/nothing', LISTED);
    assert.deepEqual([health.status, refused.status, missing.status], [200, 405, 404]);
    for (const answer of [health, refused, missing]) assert.equal(allowedOrigin(answer), ALLOWED);
  });

  test('to any other origin, or to a request without an origin, cannot be read by a page', async () => {
    assert.equal(allowedOrigin(await from(OTHER, '/health', LISTED)), null);
    assert.equal(allowedOrigin(await app.request('/health', {}, LISTED)), null);
  });

  test('allows no origin without ALLOWED_ORIGINS', async () => {
    const env = { AUTH: 'off' };
    assert.equal(allowedOrigin(await preflight(ALLOWED, env)), null);
    assert.equal(allowedOrigin(await from(ALLOWED, '/health', env)), null);
  });

  test('allows every origin with ALLOWED_ORIGINS=*', async () => {
    const env = { AUTH: 'off', ALLOWED_ORIGINS: '*' };
    assert.equal(allowedOrigin(await preflight(OTHER, env)), '*');
    assert.equal(allowedOrigin(await from(OTHER, '/health', env)), '*');
  });
});
