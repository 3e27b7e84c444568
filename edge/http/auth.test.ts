import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createApp, serve, type WorkerEnv } from './app.ts';
import { routeFor } from './testing/route-for.ts';

/** For each token, the status of a client call and of a runner call, from a worker with this configuration. */
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

test('a worker without tokens refuses all calls unless AUTH is off', async () => {
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

test('a worker that has tokens of only one scope refuses the calls of the other scope', async () => {
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

test('a token of both scopes may make the calls of both', async () => {
  assert.deepEqual(await answers({ API_TOKENS: 'a,both', RUNNER_TOKENS: 'both , r' }, 'both', 'a', 'r'), [
    [200, 200],
    [200, 403],
    [403, 200],
  ]);
});

test('AUTH=off allows all calls, even if tokens are configured', async () => {
  const open = await answers({ AUTH: 'off', API_TOKENS: 'a' }, undefined, 'a', 'wrong');
  assert.deepEqual(open, Array(3).fill([200, 200]));
});
