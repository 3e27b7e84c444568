import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { before, describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { keepClients } from '../api/keep-clients.ts';
import { Changed, TaskList } from '../contract/api.ts';
import { Claim } from '../contract/buffer.ts';
import { LiveUpdate, QueueStats, RunnerList, Ticket, TypeSwitch } from '../contract/stats.ts';
import { createdAtOf } from '../contract/task-id.ts';
import { expectError } from '../testing/assertions.ts';
import { read } from '../testing/caller.ts';
import { guardedEdge, OLD_TOKENS, TOKENS } from '../testing/shared-edges.ts';
import { waitFor } from '../testing/wait-for.ts';

const edge = guardedEdge();
let url: string;
before(async () => {
  url = (await edge.listen()).replace('http', 'ws');
});

const CLIENT = { Authorization: `Bearer ${TOKENS.client}` };
const RUNNER = { Authorization: `Bearer ${TOKENS.runner}` };

const get = (path: string) => edge.api.call(path, { headers: CLIENT });
const post = (path: string, body: unknown = {}) => edge.api.call(path, { body, headers: CLIENT });
const stats = async () => read(await get('/stats'), QueueStats);
const statsOf = async (type: string) => (await stats()).types.find((one) => one.type === type);

async function claim(type: string, limit: number, about?: object) {
  const body = {
    leaseId: randomUUID(),
    runner: `runner of ${type}`,
    wants: [{ types: [type], limit }],
    about,
  };
  const { tasks } = read(await edge.buffer.call('/tasks/claim', { body, headers: RUNNER }), Claim);
  return { leaseId: body.leaseId, ids: tasks.map(({ taskId }) => taskId) };
}

async function submit(count: number, task: { type: string; tags?: string[] }): Promise<void> {
  await post('/tasks/batch', { tasks: Array.from({ length: count }, () => task) });
  await waitFor(`${count} tasks of type ${task.type}`, async () => {
    return (await statsOf(task.type))?.counts.ready === count || undefined;
  });
}

/** A dashboard's socket, and the updates that it received. */
async function snapshot(token: string = TOKENS.client) {
  const headers = { Authorization: `Bearer ${token}` };
  const { ticket } = read(await edge.api.call('/tickets', { method: 'POST', headers }), Ticket);
  const socket = new WebSocket(`${url}/live?ticket=${ticket}`);
  const updates: LiveUpdate[] = [];
  let pongs = 0;
  socket.on('message', (message) => {
    if (String(message) === 'pong') pongs += 1;
    else updates.push(LiveUpdate.parse(JSON.parse(String(message))));
  });
  await once(socket, 'open');
  return {
    socket,
    updates,
    pongs: () => pongs,
    received: (what: string, fits: (update: LiveUpdate) => boolean) =>
      waitFor(what, async () => updates.find(fits)),
    close: async () => {
      socket.close();
      await once(socket, 'close');
    },
  };
}

describe('the live socket', () => {
  test('sends the state of the queue when it opens and after each change', async () => {
    const dashboard = await snapshot();
    await dashboard.received('the first update', () => true);
    await post('/tasks', { type: 'live' });
    const countsOf = ({ stats }: LiveUpdate) => stats.types.find(({ type }) => type === 'live')?.counts;
    await dashboard.received('the task as ready', (update) => countsOf(update)?.ready === 1);
    const { ids } = await claim('live', 1);
    const { runners } = await dashboard.received(
      'the task as processing',
      (it) => countsOf(it)?.processing === 1,
    );
    assert.deepEqual(
      runners.flatMap(({ tasks }) => tasks.map(({ taskId }) => taskId)),
      ids,
    );
    await dashboard.close();
  });

  test('sends at most one update per second, and always the latest state', async () => {
    const dashboard = await snapshot();
    await dashboard.received('the first update', () => true);
    const started = performance.now();
    for (let batch = 0; batch < 10; batch += 1) {
      await post('/tasks/batch', { tasks: Array.from({ length: 50 }, () => ({ type: 'live-many' })) });
    }
    await dashboard.received('all tasks', ({ stats }) => {
      return stats.types.find(({ type }) => type === 'live-many')?.counts.ready === 500;
    });
    const seconds = (performance.now() - started) / 1000;
    assert.ok(dashboard.updates.length <= 2 + seconds, `${dashboard.updates.length} updates in ${seconds} s`);
    await dashboard.close();
  });

  test('answers a ping, so that a browser can check the connection', async () => {
    const dashboard = await snapshot();
    dashboard.socket.send('ping');
    await waitFor('the pong', async () => dashboard.pongs() === 1 || undefined);
    await dashboard.close();
  });

  test('ends within a run of the cron job when the token that opened it is removed', async () => {
    const [removed, kept] = [await snapshot(OLD_TOKENS.client), await snapshot()];
    await edge.cron();
    const env = { ...(await edge.env()), API_TOKENS: TOKENS.client };
    assert.equal(removed.socket.readyState, WebSocket.OPEN, 'Its token is still configured');
    const closed = once(removed.socket, 'close');
    await keepClients(env);
    const [code, reason] = await closed;
    assert.deepEqual(
      [code, String(reason)],
      [1008, 'The token that opened this socket is no longer configured'],
    );
    await submit(1, { type: 'live-kept' });
    await kept.received('the task', ({ stats }) => stats.types.some(({ type }) => type === 'live-kept'));
    await kept.close();
  });

  test('needs a ticket or a token, and an upgrade', async () => {
    expectError(await edge.api.get('/live'), 'unauthorized');
    expectError(await edge.api.get('/live?ticket=none'), 'unauthorized');
    expectError(await get('/live'), 'upgrade_required');
  });
});

describe('runners', () => {
  const about = { startedAt: '2026-01-01T12:00:00.000Z', threads: 4, ioConcurrency: 32, types: ['handled'] };
  const runners = async () => read(await get('/runners'), RunnerList).runners;

  test('are listed with the data that they sent, and their types are marked as handled', async () => {
    await submit(1, { type: 'handled' });
    await submit(1, { type: 'unhandled' });
    const { ids } = await claim('handled', 1, about);
    const runner = (await runners()).find(({ name }) => name === 'runner of handled');
    assert.deepEqual([runner?.threads, runner?.types, runner?.held], [4, ['handled'], 1]);
    assert.equal(runner?.tasks[0]?.taskId, ids[0]);
    assert.equal((await statsOf('handled'))?.handled, true);
    assert.equal((await statsOf('unhandled'))?.handled, false);
  });
});

describe('a type', () => {
  const paused = (path: string) => post(path).then((answer) => read(answer, TypeSwitch));

  test('can be paused and resumed', async () => {
    await submit(1, { type: 'pausable/a:b' });
    const path = `/types/${encodeURIComponent('pausable/a:b')}`;
    assert.deepEqual(await paused(`${path}/pause`), { success: true, type: 'pausable/a:b', paused: true });
    assert.equal((await statsOf('pausable/a:b'))?.paused, true);
    assert.deepEqual((await claim('pausable/a:b', 1)).ids, []);
    const [task] = read(await get('/tasks?type=pausable/a:b'), TaskList).tasks;
    const single = await edge.buffer.call(`/tasks/${task?.id}/claim`, { body: {}, headers: RUNNER });
    assert.match(expectError(single, 'task_not_available').error, /paused/);
    assert.equal((await paused(`${path}/resume`)).paused, false);
    assert.equal((await claim('pausable/a:b', 1)).ids.length, 1);
  });

  test('with an invalid name is refused', async () => {
    expectError(await post('/types/a%20b/pause'), 'invalid_request');
  });
});

describe('the metrics', () => {
  test('contain the statistics in the text format of Prometheus', async () => {
    await submit(3, { type: 'metered' });
    await claim('metered', 1);
    const answer = await get('/metrics');
    assert.equal(answer.status, 200);
    assert.match(answer.header('Content-Type') ?? '', /^text\/plain; version=0\.0\.4/);
    const lines = String(answer.body).split('\n');
    for (const line of [
      'task_queue_tasks{type="metered",state="ready"} 2',
      'task_queue_tasks{type="metered",state="processing"} 1',
      'task_queue_type_handled{type="metered"} 1',
      'task_queue_type_paused{type="metered"} 0',
      'task_queue_tasks_ended_total{type="metered",outcome="completed"} 0',
      'task_queue_retries_total{type="metered"} 0',
      'task_queue_lease_expiries_total{type="metered"} 0',
      'task_queue_runner_held_tasks{runner="runner of metered"} 1',
    ]) {
      assert.ok(lines.includes(line), `Expected ${line} in\n${answer.body}`);
    }
    const metric = (name: string) => Number(lines.find((line) => line.startsWith(`${name} `))?.split(' ')[1]);
    assert.ok(metric('task_queue_oldest_ready_seconds') > 0);
    assert.ok(metric('task_queue_ledger_bytes') > 0);
    assert.ok(metric('task_queue_runners') >= 1);
  });
});

describe('a filtered list', () => {
  test('finds tasks by tag, by the beginning of an id, and by time', async () => {
    await submit(3, { type: 'filtered', tags: ['red', 'round'] });
    await submit(1, { type: 'filtered-other', tags: ['blue'] });
    const list = async (query: string) => read(await get(`/tasks?${query}`), TaskList).tasks;
    const round = await list('tag=round');
    assert.deepEqual(
      round.map(({ type, tags }) => [type, tags]),
      Array(3).fill(['filtered', ['red', 'round']]),
    );
    const id = round[1]?.id ?? '';
    assert.deepEqual(
      (await list(`id=${id.toUpperCase()}`)).map((task) => task.id),
      [id],
    );
    assert.ok((await list(`id=${id.slice(0, 9)}`)).some((task) => task.id === id));
    const at = (ms: number) => new Date(ms).toISOString();
    const createdAt = createdAtOf(id);
    const range = `createdAfter=${at(createdAt)}&createdBefore=${at(createdAt + 1)}`;
    assert.equal((await list(`${range}&tag=red`)).length, 3);
    assert.deepEqual(await list(`createdBefore=${at(createdAt)}&tag=red`), []);
    assert.deepEqual(await list(`createdAfter=${at(createdAt + 1)}&tag=red`), []);
  });

  test('is refused with an invalid id, tag or time', async () => {
    for (const query of ['id=x', 'tag=', 'createdAfter=now', 'createdBefore=1']) {
      expectError(await get(`/tasks?${query}`), 'invalid_request');
    }
  });
});

describe('a cancel of many', () => {
  const cancel = async (query: string) => read(await post(`/tasks/cancel?${query}`), Changed);

  test('cancels the waiting or running tasks that match the filter', async () => {
    await submit(5, { type: 'off', tags: ['off'] });
    const { ids } = await claim('off', 2);
    assert.equal((await cancel('type=off&tag=other')).count, 0);
    assert.equal((await cancel('type=off')).count, 3);
    const running = await cancel('tag=off&status=processing');
    assert.deepEqual(running.taskIds.toSorted(), ids.toSorted());
    assert.equal((await statsOf('off'))?.counts.cancelled, 5);
  });

  test('is refused for ended tasks', async () => {
    expectError(await post('/tasks/cancel?status=failed'), 'invalid_request');
  });
});
