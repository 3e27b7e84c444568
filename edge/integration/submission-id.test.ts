import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { SURE_AFTER_MS } from '../api/cron/sweep.ts';
import { BatchSubmitted, StatusView, Submitted, TaskList, TaskView } from '../contract/api.ts';
import { MAX_SUBMISSION_AGE_SECONDS } from '../contract/limits.ts';
import { newTasks, recordKey, recordPrefix } from '../contract/submission.ts';
import { createdAtOf, newSubmission, submissionOf, taskIdAt, windowOf } from '../contract/task-id.ts';
import { ledgerOf } from '../platform/ledger.ts';
import { expectError } from '../testing/assertions.ts';
import { type Answer, read } from '../testing/caller.ts';
import { workersWith } from '../testing/harness.ts';
import { ownEdge } from '../testing/shared-edges.ts';

const edge = ownEdge(workersWith({ AUTH: 'off', SWEEP_AFTER_SECONDS: '0', RETENTION_HOURS: '0' }));

/** A UUIDv7 as a client creates it. */
const newId = (createdAt = Date.now()) => taskIdAt(newSubmission(createdAt, 0xabc, randomBytes(6)), 0xef12);

const submit = (id: string, body: unknown, path = '/tasks'): Promise<Answer> =>
  edge.api.call(path, { body, headers: { 'Submission-Id': id } });

const count = async (type: string) => (await edge.api.read(`/tasks?type=${type}`, TaskList)).count;

async function recordOf(taskId: string): Promise<string | null> {
  return (await edge.env()).TASK_STORAGE.get(recordKey(submissionOf(taskId)));
}

describe('a repeat with the same Submission-Id and request', () => {
  test('gets the same task id, writes the same record, and adds no task and no key', async () => {
    const createdAt = Date.now() - 30_000;
    const [id, body] = [newId(createdAt), { type: 'id-one', payload: { n: 1 }, delaySeconds: 60 }];
    const first = await submit(id, body);
    const { taskId } = read(first, Submitted);
    const record = await recordOf(taskId);
    assert.equal(createdAtOf(taskId), createdAt);
    const task = { type: 'id-one', priority: 0, runAtMs: createdAt + 60_000 };
    const header = { format: 2, submission: submissionOf(taskId), tasks: [task] };
    assert.equal(record, `${JSON.stringify(header)}\n{"n":1}`);

    const repeats = [await submit(id, body), await submit(id.toUpperCase(), body)];
    for (const repeat of repeats) assert.deepEqual([repeat.status, repeat.body], [201, first.body]);
    assert.equal(await recordOf(taskId), record);
    await edge.cron();
    assert.equal(await count('id-one'), 1);
    const { keys } = await (await edge.env()).TASK_STORAGE.list({ prefix: recordPrefix(windowOf(taskId)) });
    assert.equal(keys.filter(({ name }) => name.includes(taskId.slice(0, 13))).length, 1);
    assert.deepEqual(await edge.sql('SELECT * FROM idempotency_keys'), []);
  });

  test('gets the same ids for a batch', async () => {
    const [id, body] = [newId(), { tasks: [{ type: 'id-batch' }, { type: 'id-batch' }] }];
    const first = await submit(id, body, '/tasks/batch');
    const second = await submit(id, body, '/tasks/batch');
    assert.deepEqual(second.body, first.body);
    assert.equal(read(first, BatchSubmitted).count, 2);
    await edge.ready('id-batch', 2);
    assert.equal(await count('id-batch'), 2);
  });

  test('does not change a task that has ended', async () => {
    const [id, body] = [newId(), { type: 'id-ended' }];
    const { taskId } = read(await submit(id, body), Submitted);
    await edge.ready('id-ended', 1);
    await edge.api.read(`/tasks/${taskId}/cancel`, StatusView, {});
    assert.equal(read(await submit(id, body), Submitted).taskId, taskId);
    await edge.cron();
    assert.equal((await edge.api.read(`/tasks/${taskId}/status`, StatusView)).status, 'cancelled');
  });
});

test('another request under the same Submission-Id is another submission', async () => {
  const id = newId();
  const bodies = ['{"type":"id-other"}', '{"type":"id-other","payload":1}', '{"type": "id-other"}'];
  const answers = await Promise.all(bodies.map((body) => submit(id, body)));
  assert.equal(new Set(answers.map((answer) => read(answer, Submitted).taskId)).size, 3);
  await edge.ready('id-other', 3);
});

test('an Idempotency-Key overrides a Submission-Id', async () => {
  const body = { type: 'id-key' };
  const call = (key: string, id: string) =>
    edge.api.call('/tasks', { body, headers: { 'Idempotency-Key': key, 'Submission-Id': id } });
  const first = await call('id-key', newId());
  const second = await call('id-key', newId());
  assert.deepEqual([first.status, second.status], [201, 200]);
  assert.deepEqual(second.body, first.body);
});

describe('the time of a Submission-Id', () => {
  const SECOND = 1000;

  for (const [name, offsetMs] of [
    ['nearly ten minutes old', -(MAX_SUBMISSION_AGE_SECONDS - 10) * SECOND],
    ['nearly a minute ahead', 50 * SECOND],
  ] as const) {
    test(`may be ${name}: the task is ready at once`, async () => {
      const type = `id-time${offsetMs}`;
      const { taskId } = read(await submit(newId(Date.now() + offsetMs), { type }), Submitted);
      assert.deepEqual(await edge.ready(type, 1), [taskId]);
      assert.equal((await edge.api.read(`/tasks/${taskId}`, TaskView)).status, 'pending');
    });
  }

  for (const [name, offsetMs, sentence] of [
    [
      'older',
      -(MAX_SUBMISSION_AGE_SECONDS + 10) * SECOND,
      /at most 10 minutes old .* got one that is 61\d s old/,
    ],
    ['further ahead', 90 * SECOND, /at most .* 60 s ahead, got one that is (89|90) s ahead/],
  ] as const) {
    test(`is refused if it is ${name}`, async () => {
      const answer = await submit(newId(Date.now() + offsetMs), { type: 'id-refused' });
      assert.match(expectError(answer, 'submission_id_not_current').error, sentence);
    });
  }

  test('is accepted only until its window is swept for the last time or closed', async () => {
    assert.ok(SURE_AFTER_MS - MAX_SUBMISSION_AGE_SECONDS * SECOND >= 4 * 60 * SECOND);
    const createdAt = Date.now() - (MAX_SUBMISSION_AGE_SECONDS - 10) * SECOND;
    const neighbour = newSubmission(createdAt, 0, randomBytes(6));
    const ledger = ledgerOf(await edge.env());
    await ledger.insert(
      newTasks({ submission: neighbour, tasks: [{ type: 'id-neighbour', priority: 0, payload: 1 }] }),
    );
    await ledger.cancel(taskIdAt(neighbour, 0));
    await edge.cron();
    const { taskId } = read(await submit(newId(createdAt), { type: 'id-late' }), Submitted);
    assert.deepEqual(await edge.ready('id-late', 1), [taskId]);
    const swept = await ledger.sweptWindow();
    assert.ok(swept !== null && swept < windowOf(taskId));
  });
});

for (const id of ['', 'x', '0190a5d0-ac96-4b4e-8f7a-2d1f3c5b7a99', `${newId()}0`]) {
  test(`a Submission-Id "${id}" that is not a UUIDv7 is refused, and the error names the header`, async () => {
    // The harness's own fetch omits empty headers.
    const response = await fetch(new URL('/tasks', await edge.listen()), {
      method: 'POST',
      body: '{"type":"id-odd"}',
      headers: { 'Submission-Id': id },
    });
    const answer = { status: response.status, body: await response.json(), header: () => null };
    assert.equal(expectError(answer, 'invalid_request').issues?.[0]?.path, 'Submission-Id');
  });
}
