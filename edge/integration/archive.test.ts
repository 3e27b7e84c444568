import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { before, describe, test } from 'node:test';
import { archiveKey } from '../api/cron/archive.ts';
import { StatusView, Submitted, TaskView } from '../contract/api.ts';
import { Claim } from '../contract/buffer.ts';
import {
  type AcceptedTask,
  newTasks,
  type QueueMessage,
  recordKey,
  type SubmissionRecord,
} from '../contract/submission.ts';
import { newSubmission, taskIdAt, windowAfter, windowAt, windowOf } from '../contract/task-id.ts';
import { byteLength } from '../contract/text.ts';
import { ledgerOf } from '../platform/ledger.ts';
import { expectError } from '../testing/assertions.ts';
import { read } from '../testing/caller.ts';
import { workersWith } from '../testing/harness.ts';
import { ownEdge } from '../testing/shared-edges.ts';
import { waitFor } from '../testing/wait-for.ts';

const VARS = {
  AUTH: 'off',
  RETENTION_HOURS: '1, type-kept=100',
  ARCHIVE_DAYS: '30, type-short=1, type-long=60',
  SWEEP_AFTER_SECONDS: '0',
  FULL_BYTES: '30000000',
};
const HOUR = 3_600_000;
const PART_BYTES = 2_000_000;

const edge = ownEdge(workersWith(VARS));

const ledger = async () => ledgerOf(await edge.env());

/** Hands messages to the consumer as the queue does, and returns those that it wants to see again. */
function consume(...bodies: QueueMessage[]): Promise<unknown[]> {
  return edge.deliver('task-queue-v2', ...bodies.map((body) => ({ body })));
}

const messageOf = (record: SubmissionRecord): QueueMessage => ({ ...record, first: 0 });

function submission(createdAt: number, type: string, ...tasks: Partial<AcceptedTask>[]): SubmissionRecord {
  const accepted = tasks.map((task) => ({ type, payload: {}, priority: 0, ...task }));
  return { submission: newSubmission(createdAt, 0, randomBytes(6)), tasks: accepted };
}

const idsOf = (record: SubmissionRecord) =>
  record.tasks.map((_, index) => taskIdAt(record.submission, index));
const firstOf = (record: SubmissionRecord) => taskIdAt(record.submission, 0);

const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);

let ages = 3;
/** A time hours back, in a window that no other test uses. */
const longAgo = () => Date.now() - ages++ * HOUR;

/** Stores a submission as the API Worker does: the acceptance, without the queue message. */
async function accept(record: SubmissionRecord): Promise<void> {
  const metadata = { tasks: record.tasks.length };
  await (await edge.env()).TASK_STORAGE.put(recordKey(record.submission), JSON.stringify(record), {
    metadata,
  });
}

async function deliver(record: SubmissionRecord, count = record.tasks.length): Promise<void> {
  const { full } = await (await ledger()).insert(newTasks(record).slice(0, count));
  assert.equal(full, false);
}

/** Ends all ready tasks of a type, `hoursAgo`: the first by its id as failed, the others with a result. */
async function finish(type: string, hoursAgo = 2, text = ''): Promise<void> {
  const leaseId = randomUUID();
  const wants = [{ types: [type], limit: 1000 }];
  const { tasks } = await edge.buffer.read('/tasks/claim', Claim, { leaseId, runner: 'runner-1', wants });
  const error = { code: 'broken', message: 'It broke', retryable: false };
  const reports = tasks.toSorted(byId).map(({ taskId }, n) => ({
    taskId,
    leaseId,
    ...(n === 0
      ? { success: false, error }
      : { success: true, result: JSON.stringify(text === '' ? { n } : { n, text }) }),
  }));
  await (await ledger()).settle(reports);
  const agoMs = hoursAgo * HOUR;
  await edge.sql('UPDATE tasks SET completed_at = completed_at - ? WHERE type = ?', agoMs, type);
  await edge.sql(
    'UPDATE ended_windows SET since = since - ? WHERE window IN (SELECT substr(id, 1, 8) FROM tasks WHERE type = ?)',
    agoMs,
    type,
  );
}

/** A window that has ended, whose results are large. */
async function largeWindow(type: string, tasks: number): Promise<SubmissionRecord> {
  const record = submission(longAgo(), type, ...Array.from({ length: tasks }, () => ({})));
  await accept(record);
  await deliver(record);
  await finish(type, 2, 'x'.repeat(90_000));
  return record;
}

/** A window of its own, of one submission whose tasks have ended and whose retention has passed. */
async function endedWindow(type: string, ...tasks: Partial<AcceptedTask>[]): Promise<SubmissionRecord> {
  const record = submission(longAgo(), type, ...tasks);
  await accept(record);
  await deliver(record);
  await finish(type);
  return record;
}

async function archivePastPurge(record: SubmissionRecord): Promise<void> {
  await edge.cron();
  await edge.sql(
    'UPDATE seals SET archived_at = archived_at - 300000 WHERE window = ?',
    windowOf(record.submission),
  );
  await edge.cron();
  assert.equal((await rows(record)).length, 0);
}

const rows = (record: SubmissionRecord) =>
  edge.sql(
    'SELECT id, state FROM tasks WHERE id >= ? AND id < ? ORDER BY id',
    record.submission,
    `${record.submission}~`,
  );
const isSealed = async (record: SubmissionRecord) =>
  (await edge.sql('SELECT 1 FROM seals WHERE window = ?', windowOf(record.submission))).length === 1;

/** The archive of a window as it is stored, part by part. */
async function archiveOf(record: SubmissionRecord): Promise<{ key: string; text: string }[]> {
  const { TASK_STORAGE } = await edge.env();
  const { keys } = await TASK_STORAGE.list({ prefix: archiveKey(0, windowOf(record.submission), 0, 0) });
  return Promise.all(
    keys.map(async ({ name }) => ({ key: name, text: (await TASK_STORAGE.get(name)) ?? '' })),
  );
}

const view = (id: string) => edge.api.read(`/tasks/${id}`, TaskView);

describe('a submission whose queue message was lost', () => {
  test('is delivered by the sweep', async () => {
    const record = submission(Date.now() - 1000, 'lost-sweep', {}, {});
    await accept(record);
    await edge.cron();
    assert.equal((await edge.ready('lost-sweep', 2)).length, 2);
  });

  test('is delivered by a call for its status', async () => {
    const record = submission(longAgo(), 'lost-status', {}, {});
    await accept(record);
    const { status } = await edge.api.read(`/tasks/${firstOf(record)}/status`, StatusView);
    assert.equal(status, 'pending');
    await edge.ready('lost-status', 2);
  });

  test('is completed by the sweep where a part of it arrived, and what arrived stays as it was', async () => {
    const record = submission(Date.now() - 1000, 'lost-part', {}, {}, {});
    await accept(record);
    await deliver(record, 1);
    await finish('lost-part', 0);
    await edge.cron();
    const states = (await rows(record)).map((row) => row.state);
    assert.deepEqual(states, ['failed', 'ready', 'ready']);
  });

  test('is left to the queue while it is young', async () => {
    const record = submission(Date.now() + 5000, 'lost-young', {});
    await accept(record);
    await edge.cron();
    assert.deepEqual(await rows(record), []);
  });

  test('is delivered by the sure sweep where its window has no row at all', async () => {
    const now = Date.now();
    await edge.sql('INSERT OR REPLACE INTO swept VALUES (1, ?)', windowAt(now - HOUR));
    const record = submission(now - HOUR / 2, 'lost-window', {});
    await accept(record);
    await edge.cron();
    await edge.ready('lost-window', 1);
    const due = windowAt(now - 15 * 60_000);
    const swept = String((await edge.sql('SELECT window FROM swept'))[0]?.window);
    assert.ok(swept < due && windowAfter(windowAfter(swept)) >= due, `${swept} of ${due}`);
  });

  test('is delivered by the sure sweep of a new deployment, whose sweep starts by itself', async () => {
    await edge.sql('DELETE FROM swept');
    await edge.cron();
    assert.equal((await edge.sql('SELECT window FROM swept')).length, 1);
  });

  test('is delivered though another record cannot be read', async () => {
    const broken = submission(Date.now() - 500, 'lost-broken', {});
    await (await edge.env()).TASK_STORAGE.put(recordKey(broken.submission), '{"tasks":7}');
    const record = submission(Date.now() - 1000, 'lost-neighbour', {});
    await accept(record);
    await edge.api.worker.scheduled({ cron: '* * * * *' });
    const delivered = (await rows(record)).length;
    await (await edge.env()).TASK_STORAGE.delete(recordKey(broken.submission));
    assert.equal(delivered, 1);
  });
});

describe('a window', () => {
  test('is closed once the retention of its first ended task has passed', async () => {
    const closed = await endedWindow('close-ended', {}, {});
    const recent = submission(longAgo(), 'close-recent', {});
    await accept(recent);
    await deliver(recent);
    await finish('close-recent', 0.5);
    await edge.cron();
    assert.deepEqual([await isSealed(closed), await isSealed(recent)], [true, false]);
  });

  test('is left by its ended tasks while others of it live on, and end in a later round', async () => {
    const alive = submission(longAgo(), 'round-alive', {});
    await accept(alive);
    await deliver(alive);
    const ended = submission(
      Number.parseInt(windowOf(alive.submission), 16) * 2 ** 16,
      'round-ended',
      {},
      {},
    );
    await accept(ended);
    await deliver(ended);
    await finish('round-ended');
    await archivePastPurge(ended);
    assert.equal((await view(firstOf(alive))).status, 'pending');
    await finish('round-alive');
    const window = windowOf(alive.submission);
    await edge.sql('UPDATE seals SET opened_at = opened_at - ? WHERE window = ?', 4 * HOUR, window);
    await archivePastPurge(alive);
    const keys = (await archiveOf(alive)).map(({ key }) => key);
    assert.deepEqual(keys, [archiveKey(0, window, 0, 0), archiveKey(0, window, 1, 0)]);
    assert.deepEqual(
      await Promise.all([...idsOf(ended), firstOf(alive)].map(async (id) => (await view(id)).status)),
      ['failed', 'completed', 'failed'],
    );
  });

  test('is swept before it is closed: a task of it that never arrived is taken in and runs', async () => {
    const record = await endedWindow('close-swept', {});
    const late = submission(Number.parseInt(record.submission.slice(0, 8), 16) * 2 ** 16, 'close-late', {});
    await accept(late);
    await edge.cron();
    assert.equal(await isSealed(record), true);
    await edge.ready('close-late', 1);
  });

  test('keeps its rows for five minutes after it was archived, then they are purged', async () => {
    const record = await endedWindow('purge', {}, {});
    await edge.cron();
    await edge.cron();
    assert.equal((await rows(record)).length, 2);
    const age = (ms: number) => edge.sql('UPDATE seals SET archived_at = ?', Date.now() - ms);
    await age(290_000);
    await edge.cron();
    assert.equal((await rows(record)).length, 2);
    await age(300_000);
    await edge.cron();
    assert.deepEqual(await rows(record), []);
  });

  test('is archived to identical bytes whichever step the cron was cut off after', async () => {
    const record = await largeWindow('crash', 25);
    await edge.cron();
    const archive = await archiveOf(record);
    assert.equal(archive.length, 2);
    const [head, part] = archive;
    assert.ok(head && part);
    const { TASK_STORAGE } = await edge.env();
    const window = windowOf(record.submission);
    const forget = () => edge.sql('UPDATE seals SET archived_at = NULL, rounds = 0 WHERE window = ?', window);
    const lose = (...keys: string[]) => Promise.all(keys.map((key) => TASK_STORAGE.delete(key)));
    const crashes = [
      async () => {
        await edge.sql('DELETE FROM seals WHERE window = ?', window);
        await edge.sql('INSERT INTO ended_windows VALUES (?, 0)', window);
      },
      () => lose(head.key, part.key).then(forget),
      () => lose(head.key).then(forget),
      forget,
    ];
    for (const crash of crashes) {
      await crash();
      await edge.cron();
      assert.deepEqual(await archiveOf(record), archive);
    }
    await archivePastPurge(record);
    await edge.sql('UPDATE seals SET purged_at = NULL WHERE window = ?', window);
    await edge.cron();
    assert.deepEqual(await archiveOf(record), archive);
    assert.equal((await view(firstOf(record))).status, 'failed');
  });

  test('that is closed is changed by no late duplicate, from the queue or the sweep', async () => {
    const record = await endedWindow('duplicate', {}, {});
    await archivePastPurge(record);
    const archive = await archiveOf(record);
    const fresh = submission(Date.now(), 'duplicate-fresh', {});
    assert.deepEqual(await consume(messageOf(record), messageOf(fresh)), []);
    assert.equal((await rows(fresh)).length, 1, 'Its neighbour in the queue batch is taken in');
    await edge.cron();
    assert.deepEqual(await rows(record), []);
    assert.deepEqual(await archiveOf(record), archive);
  });
});

describe('an archived task', () => {
  test('reads as it did in the ledger, a large payload included', async () => {
    const large = 'é'.repeat(60_000);
    const record = await endedWindow(
      'read',
      {},
      { payload: large, tags: ['a', 'b'], priority: 7, timeoutSeconds: 2 },
    );
    const [failed = '', completed = ''] = idsOf(record);
    const seen = await Promise.all([view(failed), view(completed)]);
    assert.deepEqual([seen[0].error?.code, seen[1].result], ['broken', { n: 1 }]);
    assert.ok(seen[1].payload === large);
    const status = await edge.api.read(`/tasks/${completed}/status`, StatusView);
    await archivePastPurge(record);
    assert.deepEqual(await Promise.all([view(failed), view(completed)]), seen);
    assert.deepEqual(await edge.api.read(`/tasks/${completed}/status`, StatusView), status);
    expectError(await edge.api.get(`/tasks/${taskIdAt(record.submission, 2)}/status`), 'task_not_found');
  });

  test('shows the payload of its record, and none once that has expired', async () => {
    const record = await endedWindow('expired-record', { payload: { to: 'archive' } });
    await archivePastPurge(record);
    const [archive] = await archiveOf(record);
    assert.ok(archive && !archive.text.includes('to'));
    const id = firstOf(record);
    assert.deepEqual((await view(id)).payload, { to: 'archive' });
    await (await edge.env()).TASK_STORAGE.delete(recordKey(record.submission));
    const { payload, status } = await view(id);
    assert.deepEqual([payload, status], [null, 'failed']);
  });

  test('keeps the payload of a task that could not be taken in, which has no record', async () => {
    const id = firstOf(submission(longAgo(), 'refused', {}));
    await (await ledger()).insertFailed({ id, type: 'refused', payload: '{"n":1}', reason: 'No such field' });
    await edge.sql('UPDATE tasks SET completed_at = completed_at - ? WHERE id = ?', 2 * HOUR, id);
    await edge.sql('UPDATE ended_windows SET since = since - ? WHERE window = ?', 2 * HOUR, windowOf(id));
    await edge.cron();
    await edge.sql('UPDATE seals SET archived_at = archived_at - 300000 WHERE window = ?', windowOf(id));
    await edge.cron();
    assert.deepEqual(await edge.sql('SELECT id FROM tasks WHERE id = ?', id), []);
    assert.deepEqual((await view(id)).payload, { n: 1 });
  });

  test('is found in whichever part of the archive it lies, each of 2 MB at most', async () => {
    const record = await largeWindow('parts', 50);
    await archivePastPurge(record);
    const parts = await archiveOf(record);
    assert.equal(parts.length, 3);
    for (const { key, text } of parts) assert.ok(byteLength(text) <= PART_BYTES, key);
    for (const n of [0, 21, 22, 43, 44, 49]) {
      const { result, status } = await view(taskIdAt(record.submission, n));
      const expected = n === 0 ? [undefined, 'failed'] : [{ n, text: 'x'.repeat(90_000) }, 'completed'];
      assert.deepEqual([result, status], expected);
    }
  });

  test('lies in parts of 2 MB at most also where its window has many small tasks', async () => {
    const record = submission(longAgo(), 'small', {});
    const ids = Array.from({ length: 8000 }, (_, index) => taskIdAt(record.submission, index));
    await edge.sql(
      `INSERT INTO tasks (id, type, state, priority, run_at, received_at, completed_at, error, payload)
       SELECT value, 'small', 'cancelled', 0, 0, 0, 1, '{"code":"cancelled","message":"The task was cancelled"}', '{}'
       FROM json_each(?)`,
      JSON.stringify(ids),
    );
    await edge.sql('INSERT INTO ended_windows VALUES (?, 0)', windowOf(record.submission));
    await archivePastPurge(record);
    assert.equal((await view(ids.at(-1) ?? '')).status, 'cancelled');
    const sizes = (await archiveOf(record)).map(({ text }) => byteLength(text));
    assert.ok(Math.max(...sizes) <= PART_BYTES, `Parts of ${sizes} bytes`);
  });

  test('whose archive KV does not show for the moment answers 503, not pending', async () => {
    const record = await largeWindow('absent', 30);
    await archivePastPurge(record);
    const { TASK_STORAGE } = await edge.env();
    const [head, part] = await archiveOf(record);
    assert.ok(head && part);
    const last = taskIdAt(record.submission, 29);
    await TASK_STORAGE.delete(part.key);
    expectError(await edge.api.get(`/tasks/${last}`), 'unavailable');
    assert.equal((await view(firstOf(record))).status, 'failed');
    await TASK_STORAGE.delete(head.key);
    expectError(await edge.api.get(`/tasks/${last}/status`), 'unavailable');
    expectError(await edge.api.get(`/tasks/${firstOf(record)}/status`), 'unavailable');
  });

  test('whose archive has outlived ARCHIVE_DAYS is not found', async () => {
    const id = firstOf(submission(Date.now() - 200 * 24 * HOUR, 'expired', {}));
    const endedAt = Date.now() - 100 * 24 * HOUR;
    await edge.sql(
      'INSERT INTO seals (window, sealed_at, archived_at, purged_at) VALUES (?1, ?2, ?2, ?2)',
      windowOf(id),
      endedAt,
    );
    expectError(await edge.api.get(`/tasks/${id}/status`), 'task_not_found');
  });

  test('can be neither retried nor cancelled, while its rows are there and after', async () => {
    const record = await endedWindow('final', {}, {});
    const cancelled = submission(Number.parseInt(windowOf(record.submission), 16) * 2 ** 16, 'final', {});
    await deliver(cancelled);
    await (await ledger()).cancel(firstOf(cancelled));
    await edge.sql("UPDATE tasks SET completed_at = completed_at - ? WHERE state = 'cancelled'", 2 * HOUR);
    await edge.cron();
    const calls = [...idsOf(record), firstOf(cancelled)].flatMap((id) => [`${id}/retry`, `${id}/cancel`]);
    for (const call of calls) expectError(await edge.api.post(`/tasks/${call}`), 'archived');
    await archivePastPurge(record);
    for (const call of calls) expectError(await edge.api.post(`/tasks/${call}`), 'archived');
  });
});

describe('a task type', () => {
  test('whose RETENTION_HOURS are longer leaves the ledger later than the others of its window', async () => {
    const kept = await endedWindow('type-kept', {});
    const other = submission(Number.parseInt(windowOf(kept.submission), 16) * 2 ** 16, 'type-other', {});
    await accept(other);
    await deliver(other);
    await finish('type-other');
    await archivePastPurge(other);
    assert.equal((await rows(kept)).length, 1);
    assert.equal((await view(firstOf(other))).status, 'failed');
  });

  test('has its own ARCHIVE_DAYS, and a part is kept as long as its longest', async () => {
    const short = await endedWindow('type-short', {});
    const mixed = await endedWindow('type-default', {});
    const long = submission(Number.parseInt(windowOf(mixed.submission), 16) * 2 ** 16, 'type-long', {});
    await accept(long);
    await deliver(long);
    await finish('type-long');
    await edge.cron();
    const { TASK_STORAGE } = await edge.env();
    const days = await Promise.all(
      [short, mixed].map(async ({ submission: name }) => {
        const { keys } = await TASK_STORAGE.list({ prefix: archiveKey(0, windowOf(name), 0, 0) });
        return Math.round(((keys[0]?.expiration ?? 0) - Date.now() / 1000) / (24 * 3600));
      }),
    );
    assert.deepEqual(days, [1, 60]);
  });
});

describe('a failure of the cron job', () => {
  const failures = () => edge.sql('SELECT step, name FROM failures ORDER BY step, name');
  const retryAll = () => edge.sql('UPDATE failures SET retry_at = 0');

  test('to archive a window delays no other window, and is tried again', async () => {
    const bad = await endedWindow('archive-bad', {});
    const good = await endedWindow('archive-good', {});
    await edge.sql("UPDATE tasks SET attempts = '{' WHERE type = 'archive-bad'");
    await edge.cron();
    assert.deepEqual([(await archiveOf(bad)).length, (await archiveOf(good)).length], [0, 1]);
    assert.deepEqual(await failures(), [{ step: 'archive', name: windowOf(bad.submission) }]);
    const metrics = String((await edge.api.get('/metrics')).body);
    assert.match(metrics, /^task_queue_archive_failures 1$/m);
    await edge.sql("UPDATE tasks SET attempts = '[]' WHERE type = 'archive-bad'");
    await edge.cron();
    assert.equal((await archiveOf(bad)).length, 0, 'It waits before it is tried again');
    await retryAll();
    await edge.cron();
    assert.equal((await archiveOf(bad)).length, 1);
    assert.deepEqual(await failures(), []);
  });

  test('to deliver a submission delays no other, and keeps its own window open', async () => {
    await edge.sql(`CREATE TRIGGER refuse BEFORE INSERT ON tasks WHEN NEW.type = 'sweep-bad'
      BEGIN SELECT RAISE(ABORT, 'refused'); END`);
    const now = Date.now();
    await edge.sql('INSERT OR REPLACE INTO swept VALUES (1, ?)', windowAt(now - HOUR));
    const [bad, good] = [50, 40].map((minutes, n) =>
      submission(now - minutes * 60_000, n === 0 ? 'sweep-bad' : 'sweep-good', {}),
    );
    assert.ok(bad && good);
    await accept(bad);
    await accept(good);
    await edge.cron();
    await edge.ready('sweep-good', 1);
    assert.deepEqual(await failures(), [{ step: 'sweep', name: bad.submission }]);
    assert.match(String((await edge.api.get('/metrics')).body), /^task_queue_sweep_failures 1$/m);
    await edge.sql('INSERT INTO ended_windows VALUES (?, 0)', windowOf(bad.submission));
    await edge.cron();
    assert.equal(await isSealed(bad), false);
    await edge.sql('DROP TRIGGER refuse');
    await retryAll();
    await edge.cron();
    await edge.ready('sweep-bad', 1);
    assert.deepEqual([await failures(), await isSealed(bad)], [[], true]);
  });
});

describe('a ledger above FULL_BYTES', () => {
  const record = submission(longAgo(), 'full-window', {}, {});
  const old = submission(Date.now() - HOUR / 2, 'full-old', {});
  let accepted = '';

  before(async () => {
    await accept(record);
    await deliver(record, 1);
    await finish('full-window');
    await accept(old);
    await edge.sql('INSERT OR REPLACE INTO swept VALUES (1, ?)', windowAt(Date.now() - HOUR));
    for (let row = 0; row < 20; row += 1) {
      await edge.sql(
        "INSERT INTO idempotency_keys VALUES (?, hex(zeroblob(900000)), '', 0, 0)",
        `fill ${row}`,
      );
    }
  });

  test('refuses submissions, after the one that found it out', async () => {
    accepted = read(await edge.api.post('/tasks', { type: 'full-accepted' }), Submitted).taskId;
    await waitFor('the refusal', async () => {
      const answer = await edge.api.post('/tasks', { type: 'full-refused' });
      return answer.status === 201 ? undefined : expectError(answer, 'full');
    });
  });

  test('leaves messages in the queue', async () => {
    const messages = [messageOf(submission(Date.now(), 'full-message', {})), messageOf(old)];
    assert.equal((await consume(...messages)).length, 2);
    assert.deepEqual(await rows(old), []);
  });

  test('closes no window of which a task has still to be taken in', async () => {
    await edge.cron();
    assert.equal(await isSealed(record), false);
  });

  test('takes everything in once there is room again', async () => {
    await edge.cron();
    await edge.sql("DELETE FROM idempotency_keys WHERE key LIKE 'fill %'");
    assert.deepEqual(await consume(messageOf(submission(Date.now(), 'full-message', {}))), []);
    await edge.ready('full-message', 1);
    await edge.cron();
    await edge.ready('full-accepted', 1);
    assert.equal((await edge.api.read(`/tasks/${accepted}/status`, StatusView)).status, 'pending');
    assert.equal((await rows(old)).length, 1, 'Expected the sure sweep not to have passed it by');
    assert.equal((await rows(record)).length, 2, 'Expected its window to be open');
  });
});

describe('a ledger above SEAL_EARLY_BYTES', () => {
  before(() =>
    edge.update({ AUTH: 'off', RETENTION_HOURS: '24', SEAL_EARLY_BYTES: '0', SWEEP_AFTER_SECONDS: '864000' }),
  );

  test('archives tasks as soon as they have ended', async () => {
    const record = submission(longAgo(), 'early', {}, {});
    await accept(record);
    await deliver(record);
    await edge.cron();
    assert.equal(await isSealed(record), false);
    await finish('early', 0.001);
    await edge.cron();
    assert.equal(await isSealed(record), true);
    assert.equal((await archiveOf(record)).length, 1);
  });

  test('takes in what has still to arrive before it closes a window, though SWEEP_AFTER_SECONDS leaves it to the queue', async () => {
    const record = submission(longAgo(), 'early-part', {}, {});
    await accept(record);
    await deliver(record, 1);
    await finish('early-part', 0.001);
    await edge.cron();
    assert.equal(await isSealed(record), true);
    await edge.ready('early-part', 1);
  });
});
