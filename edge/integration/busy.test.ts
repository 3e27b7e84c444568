import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { before, describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { Claim } from '../contract/buffer.ts';
import type { NewTask } from '../contract/ledger/tasks.ts';
import { MAX_LIST_SCAN, MAX_LIVE_SOCKETS } from '../contract/limits.ts';
import { LiveUpdate } from '../contract/stats.ts';
import { newSubmission, taskIdAt } from '../contract/task-id.ts';
import { insertTasks } from '../platform/ledger.ts';
import { expectError } from '../testing/assertions.ts';
import type { Answer } from '../testing/caller.ts';
import { workersWith } from '../testing/harness.ts';
import { OPEN, ownEdge } from '../testing/shared-edges.ts';

/** An edge whose ledger has so many tasks that a filtered list takes some time. */
const edge = ownEdge(workersWith(OPEN));
const submission = newSubmission(Date.now(), 0, new Uint8Array(6));
const tasks: NewTask[] = Array.from({ length: MAX_LIST_SCAN }, (_, index) => {
  return { id: taskIdAt(submission, index), type: 'busy', payload: '{}', priority: 0 };
});
before(async () => {
  await insertTasks(await edge.env(), tasks);
});

/** A list that looks at 10,000 tasks and finds none. */
const list = () => edge.api.get('/tasks?tag=none');

describe('while many calls read', () => {
  test('a claim is answered before reads that arrived earlier', async () => {
    const answered: Answer[] = [];
    const note = (answer: Answer) => answered.push(answer);
    const reads = Array.from({ length: 40 }, () => list().then(note));
    await Promise.race(reads);
    const order = { leaseId: randomUUID(), runner: 'r', wants: [{ types: ['busy'], limit: 1 }] };
    const { tasks: claimed } = await edge.buffer.read('/tasks/claim', Claim, order);
    const before = answered.length;
    assert.equal(claimed.length, 1);
    await Promise.all(reads);
    assert.ok(before <= 20, `${before} of 40 reads were answered before the claim`);
    assert.ok(answered.every(({ status }) => status === 200));
  });

  test('too many waiting reads are answered with 503 and Retry-After', async () => {
    const answers = await Promise.all(Array.from({ length: 150 }, list));
    const refused = answers.filter(({ status }) => status !== 200);
    assert.ok(refused.length > 0 && answers.length - refused.length >= 65, `${refused.length} of 150`);
    for (const answer of refused) expectError(answer, 'unavailable');
    assert.equal((await list()).status, 200, 'a later call succeeds');
  });
});

describe('the live socket', () => {
  let url: string;
  before(async () => {
    url = (await edge.listen()).replace('http', 'ws');
  });

  /** Opens sockets at the same time. Resolves to the first update of each. */
  const open = (count: number) =>
    Promise.all(
      Array.from({ length: count }, async () => {
        const socket = new WebSocket(`${url}/live`);
        const [message] = await once(socket, 'message');
        return { socket, update: LiveUpdate.parse(JSON.parse(String(message))) };
      }),
    );

  test('is refused with 503 above the limit, and sockets that open together share a query', async () => {
    const opened = await open(MAX_LIVE_SOCKETS);
    const looks = new Set(opened.map(({ update }) => update.stats.timestamp));
    assert.ok(looks.size <= 10, `${looks.size} queries for ${opened.length} sockets`);
    const headers = { Upgrade: 'websocket' };
    expectError(await edge.api.call('/live', { headers }), 'unavailable');
    const closed = Promise.all(opened.map(({ socket }) => once(socket, 'close')));
    for (const { socket } of opened) socket.close();
    await closed;
    const [again] = await open(1);
    again?.socket.close();
  });
});
