import assert from 'node:assert/strict';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { BatchSubmitted, Changed, StatusView, Submitted, TaskList } from '../contract/api.ts';
import { newTasks, recordKey, recordPrefix } from '../contract/submission.ts';
import { newSubmission, submissionOf, taskIdAt, windowOf } from '../contract/task-id.ts';
import { ledgerOf } from '../platform/ledger.ts';
import { workerConfig } from '../scripts/worker-config.ts';
import { expectError } from '../testing/assertions.ts';
import { type Answer, read } from '../testing/caller.ts';
import { workersWith } from '../testing/harness.ts';
import { guardedEdge, OLD_TOKENS, ownEdge, TOKENS } from '../testing/shared-edges.ts';

const vars = { AUTH: 'off', SWEEP_AFTER_SECONDS: '0', RETENTION_HOURS: '0' };
const edge = ownEdge(workersWith(vars));

const guarded = guardedEdge();

const storage = async () => (await edge.env()).TASK_STORAGE;

const submit = (key: string, body: unknown, path = '/tasks'): Promise<Answer> =>
  edge.api.call(path, { body, headers: { 'Idempotency-Key': key } });

const list = (type: string) => edge.api.read(`/tasks?type=${type}`, TaskList);

/** The KV keys of all submissions in the window of a task. */
async function submissionsBeside(id: string): Promise<string[]> {
  const { keys } = await (await storage()).list({ prefix: recordPrefix(windowOf(id)) });
  return keys.map(({ name }) => name);
}

/** How the ledger stores a key. Without tokens the token's name is empty. */
const storedKey = (key: string) => `of token ${createHash('sha256').update(`\n${key}`).digest('hex')}`;

/** Stores a key in the state that a first attempt leaves if it is interrupted right after the reservation. */
async function reserve(key: string, body: string, createdAt: number, at = edge): Promise<string> {
  const submission = newSubmission(createdAt, 0, randomBytes(6));
  const hash = createHash('sha256').update(`/tasks\n${body}`).digest('hex');
  const values = [storedKey(key), hash, submission, createdAt];
  await at.sql('INSERT INTO idempotency_keys VALUES (?, ?, ?, ?, 0)', ...values);
  return submission;
}

describe('a repeat with the same key and body', () => {
  test('gets the first answer with 200 instead of 201, and creates no second task', async () => {
    const [key, body] = [randomUUID(), { type: 'key-one', payload: { n: 1 } }];
    const answers = [await submit(key, body), await submit(key, body), await submit(key, body)];
    assert.deepEqual(
      answers.map(({ status }) => status),
      [201, 200, 200],
    );
    assert.deepEqual([answers[1]?.body, answers[2]?.body], [answers[0]?.body, answers[0]?.body]);
    await edge.ready('key-one', 1);
    assert.equal((await list('key-one')).count, 1);
  });

  test('gets the first answer for a batch too', async () => {
    const [key, body] = [randomUUID(), { tasks: [{ type: 'key-batch' }, { type: 'key-batch' }] }];
    const first = await submit(key, body, '/tasks/batch');
    const second = await submit(key, body, '/tasks/batch');
    assert.deepEqual([first.status, second.status], [201, 200]);
    assert.deepEqual(second.body, first.body);
    assert.equal(read(first, BatchSubmitted).count, 2);
    await edge.ready('key-batch', 2);
    assert.equal((await list('key-batch')).count, 2);
  });

  test('creates one task even if all are sent at once, and only one of them gets 201', async () => {
    const [key, body] = [randomUUID(), { type: 'key-race' }];
    const answers = await Promise.all(Array.from({ length: 8 }, () => submit(key, body)));
    const ids = new Set(answers.map((answer) => read(answer, Submitted).taskId));
    assert.equal(ids.size, 1);
    assert.deepEqual(
      answers.map(({ status }) => status).toSorted(),
      [200, 200, 200, 200, 200, 200, 200, 201],
    );
    await edge.ready('key-race', 1);
    const [id = ''] = ids;
    const stored = await submissionsBeside(id);
    assert.equal(stored.filter((name) => name.endsWith(submissionOf(id))).length, 1);
    assert.equal((await list('key-race')).count, 1);
  });

  test('gets the same answer after the task has ended', async () => {
    const [key, body] = [randomUUID(), { type: 'key-ended' }];
    const first = await submit(key, body);
    const { taskId } = read(first, Submitted);
    await edge.ready('key-ended', 1);
    await edge.api.read(`/tasks/${taskId}/cancel`, StatusView, {});
    assert.deepEqual((await submit(key, body)).body, first.body);
    assert.equal((await edge.api.read(`/tasks/${taskId}/status`, StatusView)).status, 'cancelled');
  });

  test('gets the first answer even if its runAt has passed since', async () => {
    const [key, body] = [
      randomUUID(),
      { type: 'key-run-at', runAt: new Date(Date.now() + 400).toISOString() },
    ];
    const first = await submit(key, body);
    await edge.ready('key-run-at', 1);
    assert.deepEqual((await submit(key, body)).body, first.body);
  });
});

describe('a key is refused with 409', () => {
  test('if the body differs, even by only a space', async () => {
    const key = randomUUID();
    const first = await submit(key, '{"type":"key-conflict"}');
    for (const body of ['{"type":"key-conflict2"}', '{"type": "key-conflict"}']) {
      expectError(await submit(key, body), 'idempotency_key_reused');
    }
    assert.deepEqual((await submit(key, '{"type":"key-conflict"}')).body, first.body);
  });

  test('if the path differs', async () => {
    const key = randomUUID();
    read(await submit(key, { tasks: [{ type: 'key-path' }] }, '/tasks/batch'), BatchSubmitted);
    expectError(await submit(key, { type: 'key-path' }), 'idempotency_key_reused');
  });
});

describe('a first attempt that was interrupted after the reservation', () => {
  test('is completed under the reserved id, with the bytes that it would have stored', async () => {
    const body = '{"type":"key-cut","payload":{"b":1,"a":[2]},"delaySeconds":0.5}';
    const [key, createdAt] = [randomUUID(), Date.now() - 30_000];
    const submission = await reserve(key, body, createdAt);
    const first = await submit(key, body);
    assert.equal(first.status, 200);
    assert.equal(read(first, Submitted).taskId, taskIdAt(submission, 0));
    const text = await (await storage()).get(recordKey(submission));
    const task = { type: 'key-cut', priority: 0, runAtMs: createdAt + 500 };
    const header = { format: 2, submission, tasks: [task] };
    assert.equal(text, `${JSON.stringify(header)}\n{"b":1,"a":[2]}`);
    await edge.ready('key-cut', 1);

    await edge.sql('UPDATE idempotency_keys SET accepted = 0 WHERE key = ?', storedKey(key));
    assert.deepEqual((await submit(key, body)).body, first.body);
    assert.equal(await (await storage()).get(recordKey(submission)), text);
    assert.equal((await list('key-cut')).count, 1);
  });

  test('is completed and runs even if all other tasks of that time have ended and are archived', async () => {
    const body = '{"type":"key-closed"}';
    const submission = await reserve('key-closed', body, Date.now() - 3_600_000);
    const neighbour = `${submission.slice(0, 24)}00000000`;
    const ledger = ledgerOf(await edge.env());
    await ledger.insert(
      newTasks({ submission: neighbour, tasks: [{ type: 'key-neighbour', priority: 0, payload: 1 }] }),
    );
    await ledger.cancel(taskIdAt(neighbour, 0));
    await edge.cron();
    const { taskId } = read(await submit('key-closed', body), Submitted);
    assert.equal((await edge.api.read(`/tasks/${taskId}/status`, StatusView)).status, 'pending');
    await edge.ready('key-closed', 1);
  });
});

describe('a first attempt that was interrupted long ago', () => {
  /** A queue without a consumer, so that its messages never arrive. */
  const queues = { producers: [{ binding: 'TASK_QUEUE', queue: 'lost' }] };
  const edge = ownEdge([
    { config: { ...workerConfig('api'), queues, vars } },
    { config: { ...workerConfig('buffer'), vars } },
  ]);

  test('is completed by the sweep if the queue drops it', async () => {
    const body = '{"type":"key-swept"}';
    await reserve('key-swept', body, Date.now() - 3_600_000, edge);
    const answer = await edge.api.call('/tasks', { body, headers: { 'Idempotency-Key': 'key-swept' } });
    read(answer, Submitted);
    await edge.cron();
    assert.equal((await edge.api.read('/tasks?type=key-swept', TaskList)).count, 1);
  });
});

describe('an unusual key', () => {
  for (const [name, key] of [
    ['of 256 characters', 'k'.repeat(256)],
    ['with a space', 'a b'],
    ['with characters outside ASCII', 'clé'],
    ['with a tab', 'a\tb'],
  ] as const) {
    test(`${name} is refused, and the error names the header`, async () => {
      const { issues } = expectError(await submit(key, { type: 'key-odd' }), 'invalid_request');
      assert.equal(issues?.[0]?.path, 'Idempotency-Key');
    });
  }

  test('that is empty is refused', async () => {
    // The harness's own fetch omits empty headers.
    const url = await edge.listen();
    const headers = { 'Idempotency-Key': '' };
    const response = await fetch(new URL('/tasks', url), {
      method: 'POST',
      body: '{"type":"key-odd"}',
      headers,
    });
    const answer = { status: response.status, body: await response.json(), header: () => null };
    expectError(answer, 'invalid_request');
  });

  test('of 255 visible characters is accepted', async () => {
    const key = `"'\\%;--{}[]<>|${randomUUID()}`.padEnd(255, '~');
    const first = await submit(key, { type: 'key-long' });
    assert.equal(first.status, 201);
    assert.deepEqual((await submit(key, { type: 'key-long' })).body, first.body);
  });
});

describe('a request that is refused', () => {
  for (const [name, body, code] of [
    ['for its form', { type: 'a b' }, 'invalid_request'],
    ['for its runAt', { type: 'a', runAt: '2999-01-01T00:00:00Z' }, 'invalid_request'],
    ['for its payload', { type: 'a', payload: 'x'.repeat(10 * 1024 * 1024) }, 'payload_too_large'],
    ['for its JSON', '{"type":', 'invalid_json'],
  ] as const) {
    test(`${name} does not use up its key`, async () => {
      const key = randomUUID();
      expectError(await submit(key, body), code);
      assert.equal((await submit(key, { type: 'key-after' })).status, 201);
    });
  }
});

test('a key belongs to the token of its request', async () => {
  const key = randomUUID();
  const submit = (token: string, type: string) =>
    guarded.api.call('/tasks', {
      body: { type },
      headers: { 'Idempotency-Key': key, Authorization: `Bearer ${token}` },
    });
  const first = await submit(TOKENS.client, 'key-token');
  const other = await submit(OLD_TOKENS.client, 'key-token-other');
  assert.deepEqual([first.status, other.status], [201, 201]);
  assert.deepEqual((await submit(TOKENS.client, 'key-token')).body, first.body);
  expectError(await submit(TOKENS.client, 'key-token-other'), 'idempotency_key_reused');
});

test('calls other than submissions ignore the header', async () => {
  const key = { 'Idempotency-Key': 'two words' };
  read(await edge.api.call('/tasks/retry?type=key-none', { method: 'POST', headers: key }), Changed);
  read(await edge.api.call('/tasks?type=key-none', { headers: key }), TaskList);
});
