import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createApp, serve, servePage, type WorkerEnv } from './app.ts';
import { routeFor } from './testing/route-for.ts';

const OPEN: WorkerEnv = { AUTH: 'off' };
const OWN = 'http://localhost:8787';

const app = createApp<WorkerEnv>('test');
serve(app, '/tasks', {
  GET: [routeFor('client'), (c) => c.text('done')],
  POST: [routeFor('client'), (c) => c.text('done')],
});
servePage(app, '/', (c) => c.text('the dashboard'));

interface Call {
  method?: string;
  headers?: Record<string, string>;
  env?: WorkerEnv;
}

async function statusOf(url: string, { method = 'GET', headers = {}, env = OPEN }: Call = {}) {
  const answer = await app.request(url, { method, headers }, env);
  if (answer.status === 403 && method !== 'HEAD') {
    const { code, error } = JSON.parse(await answer.text());
    assert.equal(code, 'foreign_origin');
    assert.match(error, /no tokens.*ALLOWED_ORIGINS/);
    assert.equal(answer.headers.get('Access-Control-Allow-Origin'), null);
  }
  return answer.status;
}

const fromPage = (origin: string, headers = {}) => ({
  Origin: origin,
  'Sec-Fetch-Site': 'cross-site',
  ...headers,
});

describe('a worker without tokens', () => {
  test('accepts requests without an origin, such as those of a runner or curl', async () => {
    for (const name of ['localhost:8787', '127.0.0.1:8787', '[::1]:8787', 'localhost', 'LOCALHOST:9000']) {
      assert.equal(await statusOf(`http://${name}/tasks`), 200, name);
      assert.equal(await statusOf(`http://${name}/tasks`, { method: 'POST' }), 200, name);
    }
  });

  test('accepts requests from its own pages', async () => {
    for (const origin of [OWN, 'http://127.0.0.1:8787']) {
      const headers = { Origin: origin, 'Sec-Fetch-Site': 'same-origin' };
      assert.equal(await statusOf(`${origin}/tasks`, { method: 'POST', headers }), 200);
    }
    const headers = { 'Sec-Fetch-Site': 'same-origin', 'Sec-Fetch-Mode': 'cors', 'Sec-Fetch-Dest': 'empty' };
    assert.equal(await statusOf(`${OWN}/tasks`, { headers }), 200);
  });

  for (const origin of [
    'https://evil.example',
    'null',
    'http://localhost:3000',
    'http://127.0.0.1:8787',
    'https://localhost:8787',
    'http://localhost:8787.evil.example',
    'http://localhost',
  ]) {
    test(`refuses requests of pages of ${origin} with every method`, async () => {
      for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS', 'PUT', 'DELETE']) {
        for (const path of ['/tasks', '/health', '/', '/nothing']) {
          const headers = fromPage(origin, { 'Content-Type': 'text/plain' });
          assert.equal(await statusOf(`${OWN}${path}`, { method, headers }), 403, method);
        }
      }
      const headers = fromPage(origin, { Upgrade: 'websocket', Connection: 'Upgrade' });
      assert.equal(await statusOf(`${OWN}/tasks`, { headers }), 403);
    });
  }

  for (const host of [
    'evil.example:8787',
    'evil.example',
    'localhost.evil.example',
    '127.0.0.2',
    '192.168.1.5:8787',
  ]) {
    test(`refuses requests to the host name ${host}`, async () => {
      const url = `http://${host}/tasks`;
      assert.equal(await statusOf(url), 403);
      assert.equal(await statusOf(url, { headers: { Origin: `http://${host}` }, method: 'POST' }), 403);
    });
  }

  test('refuses requests of another page for an image, a script or a frame', async () => {
    for (const site of ['cross-site', 'same-site']) {
      for (const [dest, mode] of [
        ['image', 'no-cors'],
        ['script', 'no-cors'],
        ['iframe', 'navigate'],
        ['empty', 'no-cors'],
      ] as const) {
        const headers = { 'Sec-Fetch-Site': site, 'Sec-Fetch-Mode': mode, 'Sec-Fetch-Dest': dest };
        assert.equal(await statusOf(`${OWN}/tasks`, { headers }), 403, `${site} ${dest}`);
      }
    }
  });

  test('accepts a request that follows a link on another page, but not a form of another page', async () => {
    const headers = {
      'Sec-Fetch-Site': 'cross-site',
      'Sec-Fetch-Mode': 'navigate',
      'Sec-Fetch-Dest': 'document',
    };
    assert.equal(await statusOf(`${OWN}/`, { headers }), 200);
    assert.equal(await statusOf(`${OWN}/tasks`, { method: 'POST', headers }), 403);
  });

  test('accepts requests from allowed origins and requests to their host names', async () => {
    const env = { ...OPEN, ALLOWED_ORIGINS: 'http://localhost:5173, http://host.docker.internal:8787' };
    const headers = { Origin: 'http://localhost:5173', 'Sec-Fetch-Site': 'same-site' };
    const answer = await app.request(`${OWN}/tasks`, { method: 'POST', headers }, env);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('Access-Control-Allow-Origin'), 'http://localhost:5173');
    assert.equal(await statusOf(`${OWN}/tasks`, { method: 'OPTIONS', headers, env }), 204);
    assert.equal(await statusOf('http://host.docker.internal:8787/tasks', { env }), 200);
    assert.equal(await statusOf('http://host.docker.internal:8788/tasks', { env }), 403);
    assert.equal(await statusOf(`${OWN}/tasks`, { headers: fromPage('http://localhost:3000'), env }), 403);
  });

  test('accepts all requests if all origins are allowed', async () => {
    const env = { ...OPEN, ALLOWED_ORIGINS: '*' };
    assert.equal(await statusOf('http://evil.example/tasks', { headers: fromPage('null'), env }), 200);
  });
});

test('a worker with tokens accepts a valid token from any page and at any host name', async () => {
  const env = { API_TOKENS: 'client-token' };
  const headers = fromPage('https://app.example', { Authorization: 'Bearer client-token' });
  assert.equal(await statusOf('https://task-api-v2.example.workers.dev/tasks', { headers, env }), 200);
});
