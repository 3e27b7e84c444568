import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Claim } from '../contract/buffer.ts';
import { RunnerList } from '../contract/stats.ts';
import { expectError } from '../testing/assertions.ts';
import { guardedEdge, TOKENS } from '../testing/shared-edges.ts';
import { waitFor } from '../testing/wait-for.ts';

const edge = guardedEdge();

const RUNNER = { Authorization: `Bearer ${TOKENS.runner}` };
const CLIENT = { Authorization: `Bearer ${TOKENS.client}` };

/** A runner's wake socket, and the number of its wakes. */
async function listen(runner: string) {
  const headers = { ...RUNNER, Upgrade: 'websocket' };
  const { webSocket: socket } = await edge.buffer.worker.fetch(`/wake?${new URLSearchParams({ runner })}`, {
    headers,
  });
  assert.ok(socket);
  let wakes = 0;
  socket.addEventListener('message', ({ data }) => {
    assert.equal(String(data), 'ready');
    wakes += 1;
  });
  const closed = new Promise<void>((resolve) => socket.addEventListener('close', () => resolve()));
  socket.accept();
  return {
    wakes: () => wakes,
    woken: (count: number) => waitFor(`${count} wakes of ${runner}`, async () => wakes >= count || undefined),
    close: () => socket.close(),
    closed,
  };
}

function claim(runner: string, type: string, limit: number): Promise<string[]> {
  return claimWants(runner, [{ types: [type], limit }]);
}

async function claimWants(runner: string, wants: { types: string[]; limit: number }[]): Promise<string[]> {
  const body = { leaseId: randomUUID(), runner, wants, leaseSeconds: 1 };
  const answer = await edge.buffer.call('/tasks/claim', { body, headers: RUNNER });
  return Claim.parse(answer.body).tasks.map((task) => task.taskId);
}

async function submit(...tasks: object[]): Promise<void> {
  const answer = await edge.api.call('/tasks/batch', { body: { tasks }, headers: CLIENT });
  assert.equal(answer.status, 201);
}

test('a submission wakes an idle runner only once until the runner claims', async () => {
  const socket = await listen('idle');
  assert.deepEqual(await claim('idle', 'wake-idle', 1), []);
  await submit({ type: 'wake-other' });
  await submit({ type: 'wake-idle' });
  await socket.woken(1);
  await submit({ type: 'wake-idle' });
  await sleep(300);
  assert.equal(socket.wakes(), 1);
  assert.equal((await claim('idle', 'wake-idle', 2)).length, 2);
  await submit({ type: 'wake-idle' });
  await socket.woken(2);
  socket.close();
});

test('a scheduled task wakes a runner when it is due', async () => {
  const socket = await listen('later');
  await claim('later', 'wake-later', 1);
  await submit({ type: 'wake-later', delaySeconds: 1 });
  await sleep(500);
  assert.equal(socket.wakes(), 0);
  await socket.woken(1);
  assert.equal((await claim('later', 'wake-later', 1)).length, 1);
  socket.close();
});

test('a task whose lease has expired wakes another runner', async () => {
  await submit({ type: 'wake-expired', backoff: { baseSeconds: 0 } });
  await waitFor('the claim', async () => (await claim('dead', 'wake-expired', 1)).length > 0 || undefined);
  const socket = await listen('alive');
  await claim('alive', 'wake-expired', 1);
  await socket.woken(1);
  assert.equal((await claim('alive', 'wake-expired', 1)).length, 1);
  socket.close();
});

test('an idle lane is woken while another has a backlog', async () => {
  const socket = await listen('lanes');
  await submit({ type: 'wake-cpu' }, { type: 'wake-cpu' });
  const [cpu, io] = [
    { types: ['wake-cpu'], limit: 1 },
    { types: ['wake-io'], limit: 8 },
  ];
  await waitFor('a task', async () => (await claimWants('lanes', [cpu, io])).length > 0 || undefined);
  assert.equal((await claimWants('lanes', [cpu])).length, 1);
  assert.equal(socket.wakes(), 0);
  await submit({ type: 'wake-io' });
  await socket.woken(1);
  socket.close();
});

test('a runner is woken when a paused type is resumed', async () => {
  const change = (to: string) =>
    edge.api.call(`/types/wake-paused/${to}`, { method: 'POST', headers: CLIENT });
  const socket = await listen('resumed');
  await change('pause');
  await submit({ type: 'wake-paused' });
  await claim('resumed', 'wake-paused', 1);
  await sleep(300);
  assert.equal(socket.wakes(), 0);
  await change('resume');
  await socket.woken(1);
  assert.equal((await claim('resumed', 'wake-paused', 1)).length, 1);
  socket.close();
});

test('a runner with very many task types is woken too', async () => {
  const socket = await listen('many');
  const types = Array.from({ length: 500 }, (_, index) => `${'wake-many-'.repeat(9)}${index}`);
  const body = { leaseId: randomUUID(), runner: 'many', wants: [{ types, limit: 1 }] };
  await edge.buffer.call('/tasks/claim', { body, headers: RUNNER });
  await submit({ type: types[499] });
  await socket.woken(1);
  socket.close();
});

test('a runner is listed only while its socket is open', async () => {
  const list = async () => {
    const answer = await edge.api.call('/runners', { headers: CLIENT });
    return RunnerList.parse(answer.body).runners.find(({ name }) => name === 'leaving');
  };
  const socket = await listen('leaving');
  assert.deepEqual(await list(), { name: 'leaving', held: 0, tasks: [] });
  const about = { startedAt: new Date().toISOString(), threads: 2, ioConcurrency: 8, types: ['leaving'] };
  const body = { leaseId: randomUUID(), runner: 'leaving', wants: [{ types: ['leaving'], limit: 1 }], about };
  await edge.buffer.call('/tasks/claim', { body, headers: RUNNER });
  assert.equal((await list())?.threads, 2);
  socket.close();
  await waitFor('the end of the runner', async () => (await list()) === undefined || undefined);
});

describe('a second socket under the name of a runner', () => {
  const find = async (name: string) => {
    const answer = await edge.api.call('/runners', { headers: CLIENT });
    return RunnerList.parse(answer.body).runners.find((runner) => runner.name === name);
  };
  const about = { startedAt: new Date().toISOString(), threads: 2, ioConcurrency: 8, types: ['wake-shared'] };
  const introduce = async (runner: string) => {
    const body = { leaseId: randomUUID(), runner, wants: [{ types: ['wake-shared'], limit: 1 }], about };
    await edge.buffer.call('/tasks/claim', { body, headers: RUNNER });
  };

  test('does not prevent wakes of the first socket, while it is open or after it has closed', async () => {
    const own = await listen('shared');
    await introduce('shared');
    const other = await listen('shared');
    await submit({ type: 'wake-shared' });
    await own.woken(1);
    assert.equal((await claim('shared', 'wake-shared', 2)).length, 1);
    other.close();
    await other.closed;
    await submit({ type: 'wake-shared' });
    await own.woken(2);
    assert.equal((await find('shared'))?.threads, 2);
    assert.equal((await claim('shared', 'wake-shared', 2)).length, 1);
    own.close();
  });

  test('does not hide a runner without a socket once that runner claims again', async () => {
    await introduce('polling');
    const other = await listen('polling');
    other.close();
    await waitFor('the end of the other socket', async () => ((await find('polling')) ? undefined : true));
    await claim('polling', 'wake-shared', 1);
    assert.equal((await find('polling'))?.threads, 2);
  });
});

test('a runner may have ten sockets, and more only after one has closed', async () => {
  const sockets = [];
  for (let count = 0; count < 10; count += 1) sockets.push(await listen('ten'));
  const open = () => edge.buffer.call('/wake?runner=ten', { headers: { ...RUNNER, Upgrade: 'websocket' } });
  assert.match(expectError(await open(), 'unavailable').error, /10 for this runner/);
  sockets.pop()?.close();
  await waitFor('space', async () => (await open()).status === 101 || undefined);
  for (const socket of sockets) socket.close();
});

test('the name of a runner has at most 200 bytes', async () => {
  const call = (runner: string) =>
    edge.buffer.call(`/wake?${new URLSearchParams({ runner })}`, {
      headers: { ...RUNNER, Upgrade: 'websocket' },
    });
  const { error } = expectError(await call('漢'.repeat(67)), 'invalid_request');
  assert.match(error, /at most 200 bytes of UTF-8/);
  expectError(await call('r'.repeat(201)), 'invalid_request');
  for (const name of ['漢'.repeat(66), 'r'.repeat(200), 'a b%&😀']) {
    const socket = await listen(name);
    socket.close();
  }
});

test('the socket needs a runner token, a name and an upgrade', async () => {
  const call = (path: string, headers: Record<string, string>) => edge.buffer.call(path, { headers });
  expectError(await call('/wake?runner=r', {}), 'unauthorized');
  expectError(await call('/wake?runner=r', CLIENT), 'forbidden');
  expectError(await call('/wake', { ...RUNNER, Upgrade: 'websocket' }), 'invalid_request');
  expectError(await call('/wake?runner=r', RUNNER), 'upgrade_required');
});
