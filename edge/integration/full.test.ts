import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { before, describe, test } from 'node:test';
import { ReportAnswer, StatusView, Submitted } from '../contract/api.ts';
import { Claim, HeartbeatAnswer, Released } from '../contract/buffer.ts';
import { MAX_LIVE_TYPES } from '../contract/limits.ts';
import { newTasks } from '../contract/submission.ts';
import { newSubmission, submissionOf, taskIdAt } from '../contract/task-id.ts';
import { insertTasks } from '../platform/ledger.ts';
import { expectError } from '../testing/assertions.ts';
import { type Answer, read } from '../testing/caller.ts';
import { workersWith } from '../testing/harness.ts';
import { ownEdge } from '../testing/shared-edges.ts';
import { waitFor } from '../testing/wait-for.ts';

const submission = () => newSubmission(Date.now(), 0, randomBytes(6));
/** A UUIDv7 as a client creates it. */
const newId = () => taskIdAt(newSubmission(Date.now(), 0xabc, randomBytes(6)), 0xef12);

describe('a full ledger', () => {
  const edge = ownEdge(workersWith({ AUTH: 'off', FULL_BYTES: '3000000' }));
  const ids: string[] = [];
  const early = { key: randomUUID(), body: { type: 'full-early' } };
  const cut = { key: randomUUID(), body: { type: 'full-cut' } };
  const batch = { key: randomUUID(), body: { tasks: [{ type: 'full-early' }, { type: 'full-early' }] } };
  /** Its id is created at the first submission, because an id is valid for ten minutes. */
  const named = { id: '', body: { type: 'full-named' } };
  let answered: Answer;
  let answeredBatch: Answer;
  let answeredNamed: Answer;

  const submit = ({ key, body }: { key: string; body: unknown }, path = '/tasks') =>
    edge.api.call(path, { body, headers: { 'Idempotency-Key': key } });
  const submitNamed = ({ id, body }: { id: string; body: unknown }) =>
    edge.api.call('/tasks', { body, headers: { 'Submission-Id': id } });
  const records = async () => (await (await edge.env()).TASK_STORAGE.list({ prefix: 'task:' })).keys;
  const keys = () => edge.sql("SELECT * FROM idempotency_keys WHERE key NOT LIKE 'fill %'");

  async function claim(limit: number) {
    const leaseId = randomUUID();
    const order = { leaseId, runner: 'runner-1', wants: [{ types: ['full-work'], limit }] };
    const { tasks } = await edge.buffer.read('/tasks/claim', Claim, order);
    return { leaseId, taskIds: tasks.map(({ id }) => id) };
  }

  before(async () => {
    const name = submission();
    const tasks = Array.from({ length: 6 }, () => ({ type: 'full-work', priority: 0, payload: {} }));
    await insertTasks(await edge.env(), newTasks({ submission: name, tasks }));
    ids.push(...tasks.map((_, index) => taskIdAt(name, index)));
    answered = await submit(early);
    answeredBatch = await submit(batch, '/tasks/batch');
    named.id = newId();
    answeredNamed = await submitNamed(named);
    const submitted = await submit(cut);
    await edge.ready('full-cut', 1);
    const id = read(submitted, Submitted).taskId;
    await edge.sql('UPDATE idempotency_keys SET accepted = 0 WHERE submission = ?', submissionOf(id));
    for (const row of [1, 2, 3, 4]) {
      const values = "(?, hex(zeroblob(900000)), '', 0, 1)";
      await edge.sql(`INSERT INTO idempotency_keys VALUES ${values}`, `fill ${row}`);
    }
  });

  test('refuses submissions', async () => {
    await waitFor('the refusal', async () => {
      const answer = await edge.api.post('/tasks', { type: 'full-refused' });
      return answer.status === 201 ? undefined : expectError(answer, 'full');
    });
  });

  test('refuses a submission with a key before it writes the key', async () => {
    const [known, stored] = [await keys(), await records()];
    expectError(await submit({ key: randomUUID(), body: { type: 'full-refused' } }), 'full');
    const tasks = [{ type: 'full-refused' }];
    expectError(await submit({ key: randomUUID(), body: { tasks } }, '/tasks/batch'), 'full');
    assert.deepEqual(await keys(), known);
    assert.deepEqual(await records(), stored);
  });

  test('refuses a submission with a Submission-Id before it writes its record', async () => {
    const stored = await records();
    expectError(await submitNamed({ id: newId(), body: { type: 'full-refused' } }), 'full');
    assert.deepEqual(await records(), stored);
  });

  test('refuses the repeat of an interrupted submission, and answers the repeat of an accepted one', async () => {
    expectError(await submit(cut), 'full');
    const repeat = await submit(early);
    assert.deepEqual([repeat.status, repeat.body], [200, answered.body]);
    const repeatedBatch = await submit(batch, '/tasks/batch');
    assert.deepEqual([repeatedBatch.status, repeatedBatch.body], [200, answeredBatch.body]);
    const repeatedNamed = await submitNamed(named);
    assert.deepEqual([repeatedNamed.status, repeatedNamed.body], [201, answeredNamed.body]);
  });

  test('still accepts claims, heartbeats, results, releases, cancels and retries', async () => {
    const { leaseId, taskIds } = await claim(4);
    assert.deepEqual(taskIds, ids.slice(0, 4));
    const [completed, failed, kept, released] = taskIds;
    const leases = [{ leaseId, holds: taskIds }];
    const beat = await edge.buffer.read('/tasks/heartbeat', HeartbeatAnswer, { leases });
    assert.deepEqual([beat.extended.length, beat.lost], [1, []]);

    const error = { code: 'broken', message: 'It broke', retryable: false };
    const { outcomes } = await edge.api.read('/tasks/complete', ReportAnswer, {
      results: [
        { taskId: completed, leaseId, success: true, result: 'x'.repeat(200_000) },
        { taskId: failed, leaseId, success: false, error },
      ],
    });
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['completed', 'failed'],
    );
    const answer = await edge.buffer.read('/tasks/release', Released, { leaseId, taskIds: [released] });
    assert.deepEqual(answer.released, [released]);
    for (const [id, call, status] of [
      [kept, 'cancel', 'cancelled'],
      [failed, 'retry', 'pending'],
    ] as const) {
      assert.equal((await edge.api.read(`/tasks/${id}/${call}`, StatusView, {})).status, status);
    }
  });

  test('accepts submissions again once it has capacity', async () => {
    await edge.sql("DELETE FROM idempotency_keys WHERE key LIKE 'fill %'");
    assert.deepEqual((await submit(cut)).status, 200);
    await waitFor('an accepted submission', async () => {
      const answer = await edge.api.post('/tasks', { type: 'full-again' });
      return answer.status === 201 ? read(answer, Submitted) : undefined;
    });
  });
});

describe('a ledger with the maximum number of types', () => {
  const edge = ownEdge(workersWith({ AUTH: 'off' }));
  const submit = (type: string, key?: string) =>
    edge.api.call('/tasks', { body: { type }, headers: key ? { 'Idempotency-Key': key } : {} });
  const submitNamed = (type: string, id: string) =>
    edge.api.call('/tasks', { body: { type }, headers: { 'Submission-Id': id } });
  const early = { key: randomUUID(), id: '' };
  const answered: Answer[] = [];

  before(async () => {
    early.id = newId();
    answered.push(await submit('early-key', early.key), await submitNamed('early-id', early.id));
    // As if both were still in the queue: the ledger does not know their types.
    await edge.ready('early-key', 1);
    await edge.ready('early-id', 1);
    await edge.sql("DELETE FROM types WHERE type LIKE 'early-%'");
    const count = 1000;
    for (let first = 0; first < MAX_LIVE_TYPES; first += count) {
      const tasks = Array.from({ length: count }, (_, n) => ({
        type: `live-${first + n}`,
        priority: 0,
        payload: {},
      }));
      await insertTasks(await edge.env(), newTasks({ submission: submission(), tasks }));
    }
  });

  test('refuses new types with advice, and writes no key for them', async () => {
    let name = '';
    const { error, type } = await waitFor('the refusal', async () => {
      name = `new-${randomUUID()}`;
      const answer = await submit(name);
      return answer.status === 201 ? undefined : expectError(answer, 'too_many_types');
    });
    assert.equal(type, name);
    assert.match(
      error,
      /"new-.*" is new, and the queue has reached its limit of 10000 types: use one of them/,
    );
    expectError(await submit('new-too', randomUUID()), 'too_many_types');
    assert.equal((await edge.sql('SELECT * FROM idempotency_keys')).length, 1, 'Only the early one');
    expectError(await submitNamed('new-too', newId()), 'too_many_types');
    const tasks = [{ type: 'live-1' }, { type: 'newer' }];
    assert.equal(expectError(await edge.api.post('/tasks/batch', { tasks }), 'too_many_types').type, 'newer');
  });

  test('answers the repeat of a submission that it accepted earlier', async () => {
    const [first, named] = answered;
    const repeat = await submit('early-key', early.key);
    assert.deepEqual([repeat.status, repeat.body], [200, first?.body]);
    const repeatedNamed = await submitNamed('early-id', early.id);
    assert.deepEqual([repeatedNamed.status, repeatedNamed.body], [201, named?.body]);
  });

  test('accepts tasks of the types that it has', async () => {
    assert.equal((await submit('live-0')).status, 201);
    assert.equal((await submit('live-9999', randomUUID())).status, 201);
  });
});

describe('a ledger with the maximum number of paused types', () => {
  const edge = ownEdge(workersWith({ AUTH: 'off' }));

  test('refuses to pause another type until one is resumed', async () => {
    await edge.sql(`WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 10000)
       INSERT INTO paused_types SELECT 'paused-' || n, 0 FROM numbers`);
    const { error } = expectError(await edge.api.post('/types/one-more/pause'), 'too_many_paused');
    assert.match(error, /^10000 task types are paused, which is the maximum: resume one and try again/);
    assert.equal((await edge.api.post('/types/paused-1/resume')).status, 200);
    assert.equal((await edge.api.post('/types/one-more/pause')).status, 200);
  });
});
