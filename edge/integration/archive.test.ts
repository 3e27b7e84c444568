import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { archiveKey } from '../api/cron/archive.ts';
import { windowOf } from '../contract/task-id.ts';
import { archivingEdge } from '../testing/shared-edges.ts';
import {
  firstOf,
  HOUR,
  idsOf,
  inWindowOf,
  longAgo,
  messageOf,
  SubmissionStages,
  submission,
} from '../testing/submission-stages.ts';

const edge = archivingEdge();
const stages = new SubmissionStages(edge);

describe('a window', () => {
  test('is closed once the retention of its first ended task has passed', async () => {
    const closed = await stages.endedWindow('close-ended', {}, {});
    const recent = submission(longAgo(), 'close-recent', {});
    await stages.accept(recent);
    await stages.deliver(recent);
    await stages.finish('close-recent', 0.5);
    await edge.cron();
    assert.deepEqual([await stages.isSealed(closed), await stages.isSealed(recent)], [true, false]);
  });

  test('archives its ended tasks while others are alive, and archives those in a later round', async () => {
    const alive = submission(longAgo(), 'round-alive', {});
    await stages.accept(alive);
    await stages.deliver(alive);
    const ended = inWindowOf(alive, 'round-ended', {}, {});
    await stages.accept(ended);
    await stages.deliver(ended);
    await stages.finish('round-ended');
    await stages.archivePastPurge(ended);
    assert.equal((await stages.view(firstOf(alive))).status, 'pending');
    await stages.finish('round-alive');
    const window = windowOf(alive.submission);
    await edge.sql('UPDATE seals SET opened_at = opened_at - ? WHERE window = ?', 4 * HOUR, window);
    await stages.archivePastPurge(alive);
    const keys = (await stages.archiveOf(alive)).map(({ key }) => key);
    assert.deepEqual(keys, [archiveKey(0, window, 0, 0), archiveKey(0, window, 1, 0)]);
    assert.deepEqual(
      await Promise.all([...idsOf(ended), firstOf(alive)].map(async (id) => (await stages.view(id)).status)),
      ['failed', 'completed', 'failed'],
    );
  });

  test('is swept before it is closed, so that a task that never arrived is inserted and runs', async () => {
    const record = await stages.endedWindow('close-swept', {});
    const late = inWindowOf(record, 'close-late', {});
    await stages.accept(late);
    await edge.cron();
    assert.equal(await stages.isSealed(record), true);
    await edge.ready('close-late', 1);
  });

  test('keeps its rows for five minutes after the archive and then purges them', async () => {
    const record = await stages.endedWindow('purge', {}, {});
    await edge.cron();
    await edge.cron();
    assert.equal((await stages.rows(record)).length, 2);
    const age = (ms: number) => edge.sql('UPDATE seals SET archived_at = ?', Date.now() - ms);
    await age(290_000);
    await edge.cron();
    assert.equal((await stages.rows(record)).length, 2);
    await age(300_000);
    await edge.cron();
    assert.deepEqual(await stages.rows(record), []);
  });

  test('is archived with identical bytes after an interruption at any step', async () => {
    const record = await stages.largeWindow('crash', 25);
    await edge.cron();
    const archive = await stages.archiveOf(record);
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
      assert.deepEqual(await stages.archiveOf(record), archive);
    }
    await stages.archivePastPurge(record);
    await edge.sql('UPDATE seals SET purged_at = NULL WHERE window = ?', window);
    await edge.cron();
    assert.deepEqual(await stages.archiveOf(record), archive);
    assert.equal((await stages.view(firstOf(record))).status, 'failed');
  });

  test('that is closed is not changed by late duplicates from the queue or the sweep', async () => {
    const record = await stages.endedWindow('duplicate', {}, {});
    await stages.archivePastPurge(record);
    const archive = await stages.archiveOf(record);
    const fresh = submission(Date.now(), 'duplicate-fresh', {});
    assert.deepEqual(await stages.consume(messageOf(record), messageOf(fresh)), []);
    assert.equal((await stages.rows(fresh)).length, 1, 'Its neighbour in the queue batch is inserted');
    await edge.cron();
    assert.deepEqual(await stages.rows(record), []);
    assert.deepEqual(await stages.archiveOf(record), archive);
  });
});

describe('a task type', () => {
  test('with longer RETENTION_HOURS leaves the ledger later than other tasks of its window', async () => {
    const kept = await stages.endedWindow('type-kept', {});
    const other = inWindowOf(kept, 'type-other', {});
    await stages.accept(other);
    await stages.deliver(other);
    await stages.finish('type-other');
    await stages.archivePastPurge(other);
    assert.equal((await stages.rows(kept)).length, 1);
    assert.equal((await stages.view(firstOf(other))).status, 'failed');
  });

  test('has its own ARCHIVE_DAYS, and the longest of a part applies to the whole part', async () => {
    const short = await stages.endedWindow('type-short', {});
    const mixed = await stages.endedWindow('type-default', {});
    const long = inWindowOf(mixed, 'type-long', {});
    await stages.accept(long);
    await stages.deliver(long);
    await stages.finish('type-long');
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
