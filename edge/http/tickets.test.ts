import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode, sign } from 'hono/jwt';
import { Ticket } from '../contract/stats.ts';
import { createApp, serve, type WorkerEnv } from './app.ts';
import { routeFor } from './testing/route-for.ts';
import { configuredNames, giveTicket, openedBy } from './tickets.ts';
import { tokenKey } from './token-key.ts';

const quiet = { LOG_LEVEL: 'error' };
const ENV: WorkerEnv = { ...quiet, API_TOKENS: 'first, second', RUNNER_TOKENS: 'runner' };

const app = createApp<WorkerEnv>('test');
serve(app, '/tickets', { POST: [routeFor('client'), giveTicket] });
serve(app, '/live', { GET: [{ ...routeFor('client'), ticket: true }, (c) => c.text(openedBy(c))] });
serve(app, '/tasks', { GET: [routeFor('client'), (c) => c.text('done')] });

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

async function ticketOf(token: string, env = ENV): Promise<string> {
  const answer = await app.request('/tickets', { method: 'POST', headers: bearer(token) }, env);
  return Ticket.parse(await answer.json()).ticket;
}

const open = async (ticket: string, env = ENV) =>
  app.request(`/live?ticket=${encodeURIComponent(ticket)}`, {}, env);

const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;

test('a ticket is accepted only by routes that take tickets', async () => {
  const ticket = await ticketOf('first');
  assert.equal((await open(ticket)).status, 200);
  assert.equal((await app.request(`/tasks?ticket=${ticket}`, {}, ENV)).status, 401);
  assert.equal((await app.request('/tasks', { headers: bearer(ticket) }, ENV)).status, 401);
});

test('a ticket identifies its token, but does not reveal it', async () => {
  const [first, second] = [await ticketOf('first'), await ticketOf('second')];
  const names = await configuredNames(ENV);
  assert.deepEqual(names, [await (await open(first)).text(), await (await open(second)).text()]);
  const byHeader = await app.request('/live', { headers: bearer('first') }, ENV);
  assert.equal(await byHeader.text(), names?.[0]);
  assert.deepEqual(Object.keys(decode(first).payload).sort(), ['exp', 'sub']);
  assert.doesNotMatch(JSON.stringify(decode(first)), /first/);
});

test('a ticket becomes invalid when its token is removed, but not when another token is', async () => {
  const [first, second] = [await ticketOf('first'), await ticketOf('second')];
  const rotated = { ...ENV, API_TOKENS: 'second,third' };
  assert.equal((await open(first, rotated)).status, 401);
  assert.equal((await open(second, rotated)).status, 200);
});

test('a worker without client tokens accepts no ticket, regardless of its signature', async () => {
  for (const API_TOKENS of [undefined, '', ' , ']) {
    const env = { ...quiet, RUNNER_TOKENS: 'runner', ...(API_TOKENS !== undefined && { API_TOKENS }) };
    for (const secret of ['ticket:', 'ticket:undefined', 'undefined', 'runner']) {
      for (const key of [secret, (await tokenKey(secret)).key]) {
        const forged = await sign({ sub: (await tokenKey(secret)).name, exp: inSeconds(60) }, key, 'HS256');
        const answer = await open(forged, env);
        assert.partialDeepStrictEqual(
          [answer.status, await answer.json()],
          [503, { code: 'not_configured' }],
        );
      }
    }
  }
});

test('a ticket that was created while AUTH was off is not accepted once AUTH is on', async () => {
  const ticket = await ticketOf('', { ...ENV, AUTH: 'off' });
  assert.equal((await open(ticket, { ...ENV, AUTH: 'off' })).status, 200);
  assert.equal((await open(ticket)).status, 401);
});

test('an invalid, expired or forged ticket is refused', async () => {
  const { name, key } = await tokenKey('first');
  const runner = await tokenKey('runner');
  const other = await tokenKey('second');
  const claims = { sub: name, exp: inSeconds(60) };
  const given = await ticketOf('first');
  const [header, body, signature = ''] = given.split('.');
  const unsigned = `${btoa('{"alg":"none","typ":"JWT"}')}.${body}.`.replaceAll('=', '');
  for (const [what, ticket] of Object.entries({
    expired: await sign({ ...claims, exp: inSeconds(-1) }, key, 'HS256'),
    'signed by another algorithm': await sign(claims, 'first', 'HS512'),
    'signed with the token itself': await sign(claims, 'first', 'HS256'),
    'signed with the key of another token': await sign(claims, other.key, 'HS256'),
    'that names another token': await sign({ ...claims, sub: other.name }, key, 'HS256'),
    'that names no token': await sign({ exp: claims.exp }, key, 'HS256'),
    'of a runner': await sign({ sub: runner.name, exp: claims.exp }, runner.key, 'HS256'),
    unsigned,
    'without its signature': `${header}.${body}`,
    'with another signature': `${header}.${body}.${signature.split('').reverse().join('')}`,
    empty: '',
    'no ticket at all': 'made.up.here',
  })) {
    const answer = await open(ticket);
    assert.partialDeepStrictEqual(
      [answer.status, await answer.json()],
      [401, { code: 'unauthorized' }],
      `a ticket ${what}`,
    );
  }
});

test('requests with a ticket count against the rate limit of its token', async () => {
  const asked: string[] = [];
  const env: WorkerEnv = {
    ...ENV,
    RATE_LIMITER: {
      async limit({ key }) {
        asked.push(key);
        return { success: asked.length <= 2 };
      },
    },
  };
  const ticket = await ticketOf('first', env);
  assert.deepEqual([(await open(ticket, env)).status, (await open(ticket, env)).status], [200, 429]);
  assert.equal(new Set(asked).size, 1);
});
