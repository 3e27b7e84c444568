import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StatusView } from '../contract/api.ts';
import { recordKey } from '../contract/submission.ts';
import { taskIdAt, windowOf } from '../contract/task-id.ts';
import { byteLength } from '../contract/text.ts';
import { expectError } from '../testing/assertions.ts';
import { archivingEdge } from '../testing/shared-edges.ts';
import {
  firstOf,
  HOUR,
  idsOf,
  inWindowOf,
  longAgo,
  SubmissionStages,
  submission,
} from '../testing/submission-stages.ts';

const edge = archivingEdge();
const stages = new SubmissionStages(edge);

/** The maximum size of a part of the archive. */
const PART_BYTES = 2_000_000;

describe('an archived task', () => {
  test('reads the same as in the ledger, including a large payload', async () => {
    const large = 'é'.repeat(60_000);
    const record = await stages.endedWindow(
      'read',
      {},
      { payload: large, tags: ['a', 'b'], priority: 7, timeoutSeconds: 2 },
    );
    const [failed = '', completed = ''] = idsOf(record);
    const seen = await Promise.all([stages.view(failed), stages.view(completed)]);
    assert.deepEqual([seen[0].error?.code, seen[1].result], ['broken', { n: 1 }]);
    assert.ok(seen[1].payload === large);
    const status = await edge.api.read(`/tasks/${completed}/status`, StatusView);
    await stages.archivePastPurge(record);
    assert.deepEqual(await Promise.all([stages.view(failed), stages.view(completed)]), seen);
    assert.deepEqual(await edge.api.read(`/tasks/${completed}/status`, StatusView), status);
    expectError(await edge.api.get(`/tasks/${taskIdAt(record.submission, 2)}/status`), 'task_not_found');
  });

  test('shows the payload of its record, and null once the record has expired', async () => {
    const record = await stages.endedWindow('expired-record', { payload: { to: 'archive' } });
    await stages.archivePastPurge(record);
    const [archive] = await stages.archiveOf(record);
    assert.ok(archive && !archive.text.includes('to'));
    const id = firstOf(record);
    assert.deepEqual((await stages.view(id)).payload, { to: 'archive' });
    await (await edge.env()).TASK_STORAGE.delete(recordKey(record.submission));
    const { payload, status } = await stages.view(id);
    assert.deepEqual([payload, status], [null, 'failed']);
  });

  test('keeps the payload of an invalid task, which has no record', async () => {
    const id = firstOf(submission(longAgo(), 'refused', {}));
    await (await stages.ledger()).insertFailed({
      id,
      type: 'refused',
      payload: '{"n":1}',
      reason: 'No such field',
    });
    await edge.sql('UPDATE tasks SET completed_at = completed_at - ? WHERE id = ?', 2 * HOUR, id);
    await edge.sql('UPDATE ended_windows SET since = since - ? WHERE window = ?', 2 * HOUR, windowOf(id));
    await edge.cron();
    await edge.sql('UPDATE seals SET archived_at = archived_at - 300000 WHERE window = ?', windowOf(id));
    await edge.cron();
    assert.deepEqual(await edge.sql('SELECT id FROM tasks WHERE id = ?', id), []);
    assert.deepEqual((await stages.view(id)).payload, { n: 1 });
  });

  test('is found in any part of the archive, and each part has at most 2 MB', async () => {
    const record = await stages.largeWindow('parts', 50);
    await stages.archivePastPurge(record);
    const parts = await stages.archiveOf(record);
    assert.equal(parts.length, 3);
    for (const { key, text } of parts) assert.ok(byteLength(text) <= PART_BYTES, key);
    for (const n of [0, 21, 22, 43, 44, 49]) {
      const { result, status } = await stages.view(taskIdAt(record.submission, n));
      const expected = n === 0 ? [undefined, 'failed'] : [{ n, text: 'x'.repeat(90_000) }, 'completed'];
      assert.deepEqual([result, status], expected);
    }
  });

  test('is in parts of at most 2 MB even if its window has many small tasks', async () => {
    const record = submission(longAgo(), 'small', {});
    const ids = Array.from({ length: 8000 }, (_, index) => taskIdAt(record.submission, index));
    await edge.sql(
      `INSERT INTO tasks (id, type, state, priority, run_at, received_at, completed_at, error, payload)
       SELECT value, 'small', 'cancelled', 0, 0, 0, 1, '{"code":"cancelled","message":"The task was cancelled"}', '{}'
       FROM json_each(?)`,
      JSON.stringify(ids),
    );
    await edge.sql('INSERT INTO ended_windows VALUES (?, 0)', windowOf(record.submission));
    await stages.archivePastPurge(record);
    assert.equal((await stages.view(ids.at(-1) ?? '')).status, 'cancelled');
    const sizes = (await stages.archiveOf(record)).map(({ text }) => byteLength(text));
    assert.ok(Math.max(...sizes) <= PART_BYTES, `Parts of ${sizes} bytes`);
  });

  test('answers 503 and not pending while KV does not show its archive', async () => {
    const record = await stages.largeWindow('absent', 30);
    await stages.archivePastPurge(record);
    const { TASK_STORAGE } = await edge.env();
    const [head, part] = await stages.archiveOf(record);
    assert.ok(head && part);
    const last = taskIdAt(record.submission, 29);
    await TASK_STORAGE.delete(part.key);
    expectError(await edge.api.get(`/tasks/${last}`), 'unavailable');
    assert.equal((await stages.view(firstOf(record))).status, 'failed');
    await TASK_STORAGE.delete(head.key);
    expectError(await edge.api.get(`/tasks/${last}/status`), 'unavailable');
    expectError(await edge.api.get(`/tasks/${firstOf(record)}/status`), 'unavailable');
  });

  test('is not found after ARCHIVE_DAYS', async () => {
    const id = firstOf(submission(Date.now() - 200 * 24 * HOUR, 'expired', {}));
    const endedAt = Date.now() - 100 * 24 * HOUR;
    await edge.sql(
      'INSERT INTO seals (window, sealed_at, archived_at, purged_at) VALUES (?1, ?2, ?2, ?2)',
      windowOf(id),
      endedAt,
    );
    expectError(await edge.api.get(`/tasks/${id}/status`), 'task_not_found');
  });

  test('can be neither retried nor cancelled, before and after its rows are purged', async () => {
    const record = await stages.endedWindow('final', {}, {});
    const cancelled = inWindowOf(record, 'final', {});
    await stages.deliver(cancelled);
    await (await stages.ledger()).cancel(firstOf(cancelled));
    await edge.sql("UPDATE tasks SET completed_at = completed_at - ? WHERE state = 'cancelled'", 2 * HOUR);
    await edge.cron();
    const calls = [...idsOf(record), firstOf(cancelled)].flatMap((id) => [`${id}/retry`, `${id}/cancel`]);
    for (const call of calls) expectError(await edge.api.post(`/tasks/${call}`), 'archived');
    await stages.archivePastPurge(record);
    for (const call of calls) expectError(await edge.api.post(`/tasks/${call}`), 'archived');
  });
});
