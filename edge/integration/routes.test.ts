import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { expectError, refuses } from '../testing/assertions.ts';
import type { Call } from '../testing/caller.ts';
import { openEdge } from '../testing/shared-edges.ts';
import { UNKNOWN } from '../testing/unknown-task.ts';

const edge = openEdge();

const LEASE = randomUUID();
const want = { types: ['a'], limit: 1 };

describe('a runner’s call is refused for', () => {
  const claim = { leaseId: LEASE, runner: 'r', wants: [want] };
  const result = { taskId: UNKNOWN, leaseId: LEASE, success: true };
  const bad = (path: string, body: unknown): [string, Call] => [path, { body }];
  const cases: [string, 'api' | 'buffer', [string, Call]][] = [
    ['a type in two wants', 'buffer', bad('/tasks/claim', { ...claim, wants: [want, want] })],
    [
      'a type twice in a want',
      'buffer',
      bad('/tasks/claim', { ...claim, wants: [{ types: ['a', 'a'], limit: 1 }] }),
    ],
    ['a claim that wants nothing', 'buffer', bad('/tasks/claim', { ...claim, wants: [] })],
    ['a want without types', 'buffer', bad('/tasks/claim', { ...claim, wants: [{ types: [], limit: 1 }] })],
    ['a limit of 0', 'buffer', bad('/tasks/claim', { ...claim, wants: [{ ...want, limit: 0 }] })],
    ['a limit of 1,001', 'buffer', bad('/tasks/claim', { ...claim, wants: [{ ...want, limit: 1001 }] })],
    ['a lease id that is not a UUID', 'buffer', bad('/tasks/claim', { ...claim, leaseId: 'mine' })],
    ['a claim without a runner', 'buffer', bad('/tasks/claim', { ...claim, runner: '' })],
    ['a lease of 0 s', 'buffer', bad('/tasks/claim', { ...claim, leaseSeconds: 0 })],
    ['a lease of half a second', 'buffer', bad('/tasks/claim', { ...claim, leaseSeconds: 0.5 })],
    ['a lease of more than an hour', 'buffer', bad('/tasks/claim', { ...claim, leaseSeconds: 3601 })],
    ['a heartbeat without leases', 'buffer', bad('/tasks/heartbeat', { leases: [] })],
    [
      'a heartbeat without the tasks that it holds',
      'buffer',
      bad('/tasks/heartbeat', { leases: [{ leaseId: LEASE }] }),
    ],
    [
      'progress without a value',
      'buffer',
      bad('/tasks/heartbeat', { leases: [{ leaseId: LEASE, holds: [], progress: [{ taskId: UNKNOWN }] }] }),
    ],
    ['a release of nothing', 'buffer', bad('/tasks/release', { leaseId: LEASE, taskIds: [] })],
    ['a release of an invalid id', 'buffer', bad('/tasks/release', { leaseId: LEASE, taskIds: ['x'] })],
    ['a report of nothing', 'api', bad('/tasks/complete', { results: [] })],
    ['a report of 1,001 results', 'api', bad('/tasks/complete', { results: Array(1001).fill(result) })],
    [
      'a result without a lease id',
      'api',
      bad('/tasks/complete', { results: [{ ...result, leaseId: undefined }] }),
    ],
    [
      'a retry of 0 attempts',
      'api',
      bad('/tasks/complete', { results: [{ ...result, retry: { maxAttempts: 0 } }] }),
    ],
  ];
  refuses(
    edge,
    cases.map(([name, worker, [path, call]]) => [name, worker, path, call, 'invalid_request']),
  );
});

describe('a list is refused', () => {
  refuses(
    edge,
    [
      'limit=0',
      'limit=1001',
      'limit=x',
      'limit=1.5',
      'limit=',
      'status=ready',
      'status=',
      'cursor=x',
      'type=a%20b',
    ].map((query) => [`with ${query}`, 'api', `/tasks?${query}`, {}, 'invalid_request']),
  );
  refuses(edge, [
    ['of the buffer with limit=0', 'buffer', '/tasks/ready?limit=0', {}, 'invalid_request'],
    ['of the buffer with limit=1001', 'buffer', '/tasks/all?limit=1001', {}, 'invalid_request'],
  ]);
});

describe('an error answers', () => {
  refuses(edge, [
    ['an unknown path of the API Worker', 'api', '/nothing', {}, 'not_found'],
    ['an unknown path below a task', 'api', `/tasks/${UNKNOWN}/nothing`, {}, 'not_found'],
    ['an unknown path of the Consumer Worker', 'buffer', '/nothing', {}, 'not_found'],
    ['the root of the Consumer Worker', 'buffer', '/', {}, 'not_found'],
    ['an unknown asset of the dashboard', 'api', '/assets/main.js', {}, 'not_found'],
    ['a file outside the assets', 'api', '/assets/../index.html', {}, 'not_found'],
  ]);

  const methods: ['api' | 'buffer', string, string, string][] = [
    ['api', 'DELETE', '/health', 'GET'],
    ['api', 'POST', '/', 'GET'],
    ['api', 'PUT', '/tasks', 'GET, POST'],
    ['api', 'DELETE', '/tasks/batch', 'POST'],
    ['api', 'DELETE', '/tasks/complete', 'POST'],
    ['api', 'DELETE', `/tasks/${UNKNOWN}`, 'GET'],
    ['api', 'POST', `/tasks/${UNKNOWN}/status`, 'GET'],
    ['api', 'GET', `/tasks/${UNKNOWN}/complete`, 'POST'],
    ['buffer', 'POST', '/tasks/ready', 'GET'],
    ['buffer', 'POST', '/tasks/all', 'GET'],
    ['buffer', 'GET', '/tasks/claim', 'POST'],
    ['buffer', 'GET', '/tasks/heartbeat', 'POST'],
    ['buffer', 'GET', '/tasks/release', 'POST'],
    ['buffer', 'GET', `/tasks/${UNKNOWN}/claim`, 'POST'],
    ['buffer', 'PATCH', `/tasks/${UNKNOWN}/complete`, 'POST'],
  ];
  for (const [worker, method, path, allow] of methods) {
    test(`${method} ${path.replace(UNKNOWN, ':id')} of ${worker}, and lists the allowed methods`, async () => {
      const answer = await edge[worker].call(path, { method });
      expectError(answer, 'method_not_allowed');
      const allowed = (answer.header('Allow') ?? '').split(',').map((name) => name.trim());
      assert.deepEqual(allowed.toSorted(), allow.split(', '));
    });
  }

  test('a path that is not valid text', async () => {
    for (const path of [
      '/%ff',
      '/tasks/%ff',
      '/tasks/%E0%A4%A/status',
      '/types/%ff/pause',
      '/tasks/..%2f..%2f',
    ]) {
      for (const method of ['GET', 'POST']) {
        const { status, body } = await edge.api.call(path, { method });
        assert.ok([400, 404, 405].includes(status), `${method} ${path}: ${status} ${JSON.stringify(body)}`);
      }
    }
  });
});

test('HEAD is served wherever GET is', async () => {
  assert.equal((await edge.api.call('/health', { method: 'HEAD' })).status, 200);
});

describe('the dashboard', () => {
  test('is a page that loads only from its own worker and is revalidated each time', async () => {
    const page = await edge.api.get('/');
    assert.equal(page.status, 200);
    assert.match(page.header('Content-Type') ?? '', /^text\/html/);
    assert.equal(page.header('Cache-Control'), 'no-cache');
    const policy = page.header('Content-Security-Policy') ?? '';
    for (const rule of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"]) {
      assert.ok(policy.includes(rule), policy);
    }
    assert.doesNotMatch(policy, /unsafe|https?:/);
  });

  test('loads assets that are cached permanently, because their names contain a hash', async () => {
    const page = String((await edge.api.get('/')).body);
    const assets = [...page.matchAll(/"(\/assets\/[^"]+)"/g)].map(([, path = '']) => path);
    assert.equal(assets.length, 4);
    for (const path of assets) {
      assert.match(path, /-[0-9A-Z]{8}\.(js|css|svg)$/);
      const asset = await edge.api.get(path);
      assert.equal(asset.status, 200, path);
      assert.equal(asset.header('Cache-Control'), 'public, max-age=31536000, immutable');
    }
  });
});
