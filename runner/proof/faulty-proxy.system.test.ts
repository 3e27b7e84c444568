import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { FaultyProxy } from './faulty-proxy.ts';

const server = createServer((request, response) => {
  received += 1;
  request.resume();
  response.end('answer');
});
let received = 0;
let proxy: FaultyProxy;

before(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
});
after(() => server.close());
beforeEach(async () => {
  received = 0;
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  proxy = await FaultyProxy.listen(() => port);
});
afterEach(() => proxy.close());

async function ask(): Promise<string> {
  return (await fetch(`http://127.0.0.1:${proxy.port}`, { signal: AbortSignal.timeout(5000) })).text();
}

test('the proxy forwards requests and answers', async () => {
  assert.equal(await ask(), 'answer');
});

test('a slow proxy delays both directions', async () => {
  const slow = proxy.slow(50, 300);
  const startedAt = performance.now();
  assert.equal(await ask(), 'answer');
  assert.ok(performance.now() - startedAt >= 95);
  await slow;
});

test('data that a stall held back arrives after the stall', async () => {
  const stalled = proxy.stall(200);
  const answer = ask();
  await stalled;
  assert.equal(received, 0);
  assert.equal(await answer, 'answer');
});

test('a black hole drops requests, then cuts the connection', async () => {
  const hole = proxy.swallow(['request', 'answer'], 200);
  await assert.rejects(ask());
  await hole;
  assert.equal(received, 0);
  assert.equal(await ask(), 'answer');
});

test('a request reaches the server although its answer is lost', async () => {
  const losing = proxy.swallow(['answer'], 200);
  await assert.rejects(ask());
  await losing;
  assert.equal(received, 1);
});

test('a cut ends all requests under way', async () => {
  const stalled = proxy.stall(100);
  const answer = assert.rejects(ask());
  setTimeout(() => proxy.cut(), 50);
  await answer;
  await stalled;
});
