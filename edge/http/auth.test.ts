import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createApp, serve, type WorkerEnv } from './app.ts';
import { routeFor } from './testing/route-for.ts';

/** What a worker that is configured so answers to a call of a client and to one of a runner, with each token. */
async function answers(env: WorkerEnv, ...tokens: (string | undefined)[]): Promise<[number, number][]> {
  const app = createApp<WorkerEnv>('test');
  serve(app, '/client', { GET: [routeFor('client'), (c) => c.text('done')] });
  serve(app, '/runner', { GET: [routeFor('runner'), (c) => c.text('done')] });
  const status = async (path: string, token: string | undefined) => {
    const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
    return (await app.request(path, { headers }, { LOG_LEVEL: 'error', ...env })).status;
  };
  return Promise.all(
    tokens.map(
      async (token): Promise<[number, number]> => [
        await status('/client', token),
        await status('/runner', token),
      ],
    ),
  );
}

test('without tokens, with empty ones, and with any AUTH but off, everything is closed', async () => {
  for (const env of [
    {},
    { API_TOKENS: ' , ,', RUNNER_TOKENS: '', AUTH: 'on' },
    { AUTH: 'OFF' },
    { AUTH: '' },
    { AUTH: 'true' },
  ]) {
    const closed = await answers(env, undefined, '', ',', 'anything');
    assert.deepEqual(closed, Array(4).fill([503, 503]), JSON.stringify(env));
  }
});

test('with tokens of one scope only, the calls of the other stay closed', async () => {
  assert.deepEqual(await answers({ API_TOKENS: 'a' }, 'a', 'b', undefined), [
    [200, 503],
    [401, 503],
    [401, 503],
  ]);
  assert.deepEqual(await answers({ RUNNER_TOKENS: 'r' }, 'r', 'b', undefined), [
    [503, 200],
    [503, 401],
    [503, 401],
  ]);
});

test('a token of both scopes opens the calls of both', async () => {
  assert.deepEqual(await answers({ API_TOKENS: 'a,both', RUNNER_TOKENS: 'both , r' }, 'both', 'a', 'r'), [
    [200, 200],
    [200, 403],
    [403, 200],
  ]);
});

test('AUTH=off opens everything, whatever tokens there are', async () => {
  const open = await answers({ AUTH: 'off', API_TOKENS: 'a' }, undefined, 'a', 'wrong');
  assert.deepEqual(open, Array(3).fill([200, 200]));
});
