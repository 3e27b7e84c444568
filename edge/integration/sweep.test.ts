import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StatusView } from '../contract/api.ts';
import { recordKey } from '../contract/submission.ts';
import { windowAfter, windowAt } from '../contract/task-id.ts';
import { archivingEdge } from '../testing/shared-edges.ts';
import { firstOf, HOUR, longAgo, SubmissionStages, submission } from '../testing/submission-stages.ts';

const edge = archivingEdge();
const stages = new SubmissionStages(edge);

describe('a submission whose queue message was lost', () => {
  test('is delivered by the sweep', async () => {
    const record = submission(Date.now() - 1000, 'lost-sweep', {}, {});
    await stages.accept(record);
    await edge.cron();
    assert.equal((await edge.ready('lost-sweep', 2)).length, 2);
  });

  test('is delivered by a call for its status', async () => {
    const record = submission(longAgo(), 'lost-status', {}, {});
    await stages.accept(record);
    const { status } = await edge.api.read(`/tasks/${firstOf(record)}/status`, StatusView);
    assert.equal(status, 'pending');
    await edge.ready('lost-status', 2);
  });

  test('is completed by the sweep if only a part arrived, and that part does not change', async () => {
    const record = submission(Date.now() - 1000, 'lost-part', {}, {}, {});
    await stages.accept(record);
    await stages.deliver(record, 1);
    await stages.finish('lost-part', 0);
    await edge.cron();
    const states = (await stages.rows(record)).map((row) => row.state);
    assert.deepEqual(states, ['failed', 'ready', 'ready']);
  });

  test('is left to the queue while it is recent', async () => {
    const record = submission(Date.now() + 5000, 'lost-young', {});
    await stages.accept(record);
    await edge.cron();
    assert.deepEqual(await stages.rows(record), []);
  });

  test('is delivered by the sure sweep if its window has no row at all', async () => {
    const now = Date.now();
    await edge.sql('INSERT OR REPLACE INTO swept VALUES (1, ?)', windowAt(now - HOUR));
    const record = submission(now - HOUR / 2, 'lost-window', {});
    await stages.accept(record);
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

  test('is delivered even if another record cannot be read', async () => {
    const broken = submission(Date.now() - 500, 'lost-broken', {});
    await (await edge.env()).TASK_STORAGE.put(recordKey(broken.submission), '{"tasks":7}');
    const record = submission(Date.now() - 1000, 'lost-neighbour', {});
    await stages.accept(record);
    await edge.api.worker.scheduled({ cron: '* * * * *' });
    const delivered = (await stages.rows(record)).length;
    await (await edge.env()).TASK_STORAGE.delete(recordKey(broken.submission));
    assert.equal(delivered, 1);
  });
});
