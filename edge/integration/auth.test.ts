import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { describe, test } from 'node:test';
import { TaskList } from '../contract/api.ts';
import type { ErrorCode } from '../contract/errors.ts';
import { newSubmission, taskIdAt } from '../contract/task-id.ts';
import { expectError } from '../testing/assertions.ts';
import { type Answer, read } from '../testing/caller.ts';
import { type TestEdge, workersWith } from '../testing/harness.ts';
import { guardedEdge, OLD_TOKENS, openEdge, ownEdge, TOKENS } from '../testing/shared-edges.ts';

const guarded = guardedEdge();
const open = openEdge();

const ID = taskIdAt(newSubmission(Date.UTC(2026, 0, 1), 0, new Uint8Array(6)), 0);
const CLAIM = { leaseId: randomUUID(), runner: 'r', wants: [{ types: ['auth'], limit: 1 }] };

type Call = ['api' | 'buffer', string, unknown?];
const CLIENT_CALLS: Call[] = [
  ['api', '/tasks', { type: 'auth' }],
  ['api', '/tasks/batch', { tasks: [{ type: 'auth' }] }],
  ['api', '/tasks'],
  ['api', `/tasks/${ID}`],
  ['api', `/tasks/${ID}/status`],
  ['api', `/tasks/${ID}/events`],
  ['api', '/tickets', {}],
  ['api', `/tasks/${ID}/cancel`, {}],
  ['api', `/tasks/${ID}/retry`, {}],
  ['api', '/tasks/retry?type=auth-none', {}],
  ['api', '/tasks/cancel?type=auth-none', {}],
  ['api', '/stats'],
  ['api', '/runners'],
  ['api', '/live'],
  ['api', '/types/auth-none/pause', {}],
  ['api', '/types/auth-none/resume', {}],
];
const RUNNER_CALLS: Call[] = [
  ['api', '/tasks/complete', { results: [{ taskId: ID, leaseId: CLAIM.leaseId, success: true }] }],
  ['api', `/tasks/${ID}/complete`, { success: true }],
  ['buffer', '/tasks/claim', CLAIM],
  ['buffer', '/tasks/heartbeat', { leases: [{ leaseId: CLAIM.leaseId, holds: [] }] }],
  ['buffer', '/tasks/release', { leaseId: CLAIM.leaseId, taskIds: [ID] }],
  ['buffer', `/tasks/${ID}/claim`, {}],
  ['buffer', `/tasks/${ID}/complete`, {}],
];
const SHARED_CALLS: Call[] = [
  ['api', '/metrics'],
  ['buffer', '/tasks/ready'],
  ['buffer', '/tasks/all'],
];
const ALL_CALLS = [...CLIENT_CALLS, ...RUNNER_CALLS, ...SHARED_CALLS];

/** Sends the calls of a test to an edge and checks whether they pass the gate. */
function gateOf(edge: TestEdge) {
  const send = ([worker, path, body]: Call, authorization?: string): Promise<Answer> => {
    const headers = authorization === undefined ? {} : { Authorization: authorization };
    return edge[worker].call(path, { body, headers });
  };
  return {
    send,
    async refuses(calls: Call[], authorization: string | undefined, code: ErrorCode) {
      for (const call of calls) {
        const answer = await send(call, authorization);
        expectError(answer, code);
        if (code === 'unauthorized') assert.match(answer.header('WWW-Authenticate') ?? '', /^Bearer/);
      }
    },
    /** Asserts that calls pass the gate. It accepts any answer of a call that passed. */
    async opens(calls: Call[], authorization?: string) {
      for (const call of calls) {
        const { status, body } = await send(call, authorization);
        assert.ok([200, 201, 404, 426].includes(status), `${call[1]}: ${status} ${JSON.stringify(body)}`);
      }
    },
  };
}

describe('without any token', () => {
  const edge = ownEdge(workersWith({}));
  const gate = gateOf(edge);

  test('both workers answer /health', async () => {
    for (const worker of ['api', 'buffer'] as const)
      assert.equal((await edge[worker].get('/health')).status, 200);
  });

  test('every call is answered with 503, with any token', async () => {
    await gate.refuses(ALL_CALLS, undefined, 'not_configured');
    await gate.refuses(ALL_CALLS, 'Bearer anything', 'not_configured');
    await gate.refuses(ALL_CALLS, 'Bearer ', 'not_configured');
  });

  test('the error names the variable to set', async () => {
    assert.match(expectError(await gate.send(['api', '/tasks']), 'not_configured').error, /API_TOKENS/);
    assert.match(
      expectError(await gate.send(['buffer', '/tasks/claim', CLAIM]), 'not_configured').error,
      /RUNNER_TOKENS/,
    );
  });

  test('an unknown path or method is answered with 503 too', async () => {
    expectError(await gate.send(['api', '/nothing']), 'not_configured');
    expectError(await edge.api.call('/tasks', { method: 'DELETE' }), 'not_configured');
  });

  test('no spelling of a path bypasses the gate', async () => {
    for (const path of [
      '/tasks/',
      '//tasks',
      '/Tasks',
      '/tasks/%72eady',
      '/health/../tasks',
      '/health/tasks',
    ]) {
      const { status } = await gate.send(['api', path]);
      assert.ok(status === 404 || status === 503, `${path}: ${status}`);
    }
  });
});

describe('with tokens that no request can have', () => {
  const edge = ownEdge(workersWith({ API_TOKENS: 'odd!tok#1,a b', RUNNER_TOKENS: 'odd!tok#2' }));
  const gate = gateOf(edge);

  test('every call is answered with 503, and the error lists the characters of a token', async () => {
    const { error } = expectError(await gate.send(['api', '/tasks'], 'Bearer odd!tok#1'), 'not_configured');
    assert.match(error, /^No token in the secret .*API_TOKENS.* can be used: a token has only the letters/);
    await gate.refuses(ALL_CALLS, 'Bearer odd!tok#2', 'not_configured');
  });
});

describe('with tokens', () => {
  const gate = gateOf(guarded);

  test('a call without a token is refused', async () => {
    await gate.refuses(ALL_CALLS, undefined, 'unauthorized');
  });

  test('a wrong token is refused', async () => {
    for (const token of [
      'wrong',
      'client-toke',
      'client-token1',
      'CLIENT-TOKEN',
      `${TOKENS.client},${OLD_TOKENS.client}`,
      ',',
    ]) {
      await gate.refuses(ALL_CALLS, `Bearer ${token}`, 'unauthorized');
    }
  });

  test('a malformed header is refused', async () => {
    for (const header of [
      TOKENS.client,
      `Basic ${TOKENS.client}`,
      'Bearer',
      `Bearer ${TOKENS.client} ${TOKENS.runner}`,
      `Bearer${TOKENS.client}`,
    ]) {
      await gate.refuses(ALL_CALLS, header, 'unauthorized');
    }
  });

  test('neither HEAD nor another method bypasses the gate', async () => {
    for (const headers of [{}, { 'X-HTTP-Method-Override': 'GET' }]) {
      const head = await guarded.api.call('/tasks', { method: 'HEAD', headers });
      assert.deepEqual([head.status, head.body], [401, '']);
      const answer = await guarded.api.call('/tasks?_method=GET', { method: 'DELETE', headers });
      expectError(answer, 'method_not_allowed');
    }
  });

  test('/health needs no token', async () => {
    assert.equal((await guarded.api.get('/health')).status, 200);
  });

  test('a client token opens the calls of clients, but not those of runners', async () => {
    await gate.opens([...CLIENT_CALLS, ...SHARED_CALLS], `Bearer ${TOKENS.client}`);
    await gate.refuses(RUNNER_CALLS, `Bearer ${TOKENS.client}`, 'forbidden');
  });

  test('a runner token opens the calls of runners, but not those of clients', async () => {
    await gate.opens([...RUNNER_CALLS, ...SHARED_CALLS], `Bearer ${TOKENS.runner}`);
    await gate.refuses(CLIENT_CALLS, `Bearer ${TOKENS.runner}`, 'forbidden');
  });

  test('an old token stays valid together with the new one', async () => {
    await gate.opens(CLIENT_CALLS, `Bearer ${OLD_TOKENS.client}`);
    await gate.opens(RUNNER_CALLS, `Bearer ${OLD_TOKENS.runner}`);
  });

  test('a refused task is not stored', async () => {
    const refused = await gate.send(['api', '/tasks', { type: 'auth-refused' }], 'Bearer wrong');
    expectError(refused, 'unauthorized');
    const list = await gate.send(['api', '/tasks?type=auth-refused'], `Bearer ${TOKENS.client}`);
    assert.equal(read(list, TaskList).count, 0);
  });
});

describe('with AUTH=off', () => {
  /** The status of the answer to a request with exactly these headers. */
  async function statusOf(path: string, headers: Record<string, string>, method = 'GET') {
    const request = httpRequest(`${await open.listen()}${path}`, { method, headers, agent: false });
    request.end();
    return new Promise<number | undefined>((resolve, reject) => {
      request.on('error', reject);
      request.on('response', (response) => resolve(response.resume().statusCode));
      request.on('upgrade', (response, socket) => {
        socket.destroy();
        resolve(response.statusCode);
      });
    });
  }
  const UPGRADE = {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  };

  test('a page of another origin is refused, also for a socket', async () => {
    const headers = { Origin: 'https://evil.example' };
    assert.equal(await statusOf('/tasks', { ...headers, 'Content-Type': 'text/plain' }, 'POST'), 403);
    assert.equal(await statusOf('/tasks', headers, 'OPTIONS'), 403);
    assert.equal(await statusOf('/live', { ...headers, ...UPGRADE }), 403);
    assert.equal(await statusOf('/live', { Origin: await open.listen(), ...UPGRADE }), 101);
    assert.equal(await statusOf('/live', UPGRADE), 101);
  });

  test('a host name other than localhost is refused', async () => {
    assert.equal(await statusOf('/tasks', { Host: 'evil.example:8787' }), 403);
    assert.equal(await statusOf('/live', { Host: 'evil.example:8787', ...UPGRADE }), 403);
    assert.equal(await statusOf('/tasks', { Host: 'localhost:8787' }), 200);
  });
});
