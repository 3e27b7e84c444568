import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Answer, expectError, startEdge, type TestEdge } from './testing.ts';

const ALLOWED = 'https://dashboard.example';
const OTHER = 'https://evil.example';

let edge: TestEdge;
before(async () => {
  edge = await startEdge({
    API_TOKENS: 'client-token',
    ALLOWED_ORIGINS: `${ALLOWED}, https://second.example`,
  });
});
after(() => edge.close());

const allowedOrigin = (answer: Answer) => answer.header('Access-Control-Allow-Origin');

function preflight(origin: string): Promise<Answer> {
  return edge.api.call('/tasks', {
    method: 'OPTIONS',
    headers: {
      Origin: origin,
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'authorization,content-type,idempotency-key',
    },
  });
}

const from = (origin: string, path: string, headers: Record<string, string> = {}) =>
  edge.api.call(path, { headers: { Origin: origin, ...headers } });

describe('a preflight', () => {
  test('of an allowed origin passes without a token and names what is allowed', async () => {
    for (const origin of [ALLOWED, 'https://second.example']) {
      const answer = await preflight(origin);
      assert.equal(answer.status, 204);
      assert.equal(allowedOrigin(answer), origin);
      assert.match(answer.header('Access-Control-Allow-Methods') ?? '', /\bPOST\b/);
      const headers = (answer.header('Access-Control-Allow-Headers') ?? '').toLowerCase();
      for (const name of ['authorization', 'content-type', 'idempotency-key'])
        assert.ok(headers.includes(name));
    }
  });

  test('of any other origin names none', async () => {
    for (const origin of [
      OTHER,
      'null',
      `${ALLOWED}.evil.example`,
      ALLOWED.replace('https', 'http'),
      `${ALLOWED}:8443`,
    ]) {
      assert.equal(allowedOrigin(await preflight(origin)), null, origin);
    }
  });
});

describe('an answer', () => {
  test('to an allowed origin can be read by its page, also where it is an error', async () => {
    const health = await from(ALLOWED, '/health');
    assert.equal(allowedOrigin(health), ALLOWED);
    assert.match(health.header('Vary') ?? '', /\bOrigin\b/i);

    const refused = await from(ALLOWED, '/tasks');
    expectError(refused, 'unauthorized');
    const invalid = await from(ALLOWED, '/tasks/x', { Authorization: 'Bearer client-token' });
    expectError(invalid, 'invalid_request');
    const missing = await from(ALLOWED, '/nothing');
    expectError(missing, 'not_found');
    for (const answer of [refused, invalid, missing]) assert.equal(allowedOrigin(answer), ALLOWED);
  });

  test('to any other origin cannot', async () => {
    assert.equal(allowedOrigin(await from(OTHER, '/health')), null);
    assert.equal(allowedOrigin(await edge.api.get('/health')), null);
  });
});

describe('without ALLOWED_ORIGINS', () => {
  before(() => edge.update({ AUTH: 'off' }));

  test('no origin is allowed', async () => {
    assert.equal(allowedOrigin(await preflight(ALLOWED)), null);
    assert.equal(allowedOrigin(await from(ALLOWED, '/health')), null);
  });
});

describe('with ALLOWED_ORIGINS=*', () => {
  before(() => edge.update({ AUTH: 'off', ALLOWED_ORIGINS: '*' }));

  test('every origin is allowed', async () => {
    assert.equal(allowedOrigin(await preflight(OTHER)), '*');
    assert.equal(allowedOrigin(await from(OTHER, '/tasks')), '*');
  });
});
