import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { windowAt, windowOf } from '../contract/task-id.ts';
import { archivingEdge } from '../testing/shared-edges.ts';
import { HOUR, SubmissionStages, submission } from '../testing/submission-stages.ts';

const edge = archivingEdge();
const stages = new SubmissionStages(edge);

describe('a failure of the cron job', () => {
  const failures = () => edge.sql('SELECT step, name FROM failures ORDER BY step, name');
  const retryAll = () => edge.sql('UPDATE failures SET retry_at = 0');

  test('in the archive of a window delays no other window and is retried', async () => {
    const bad = await stages.endedWindow('archive-bad', {});
    const good = await stages.endedWindow('archive-good', {});
    await edge.sql("UPDATE tasks SET attempts = '{' WHERE type = 'archive-bad'");
    await edge.cron();
    assert.deepEqual([(await stages.archiveOf(bad)).length, (await stages.archiveOf(good)).length], [0, 1]);
    assert.deepEqual(await failures(), [{ step: 'archive', name: windowOf(bad.submission) }]);
    const metrics = String((await edge.api.get('/metrics')).body);
    assert.match(metrics, /^task_queue_archive_failures 1$/m);
    await edge.sql("UPDATE tasks SET attempts = '[]' WHERE type = 'archive-bad'");
    await edge.cron();
    assert.equal((await stages.archiveOf(bad)).length, 0, 'It waits before the retry');
    await retryAll();
    await edge.cron();
    assert.equal((await stages.archiveOf(bad)).length, 1);
    assert.deepEqual(await failures(), []);
  });

  test('in the delivery of a submission delays no other one and keeps its own window open', async () => {
    await edge.sql(`CREATE TRIGGER refuse BEFORE INSERT ON tasks WHEN NEW.type = 'sweep-bad'
      BEGIN SELECT RAISE(ABORT, 'refused'); END`);
    const now = Date.now();
    await edge.sql('INSERT OR REPLACE INTO swept VALUES (1, ?)', windowAt(now - HOUR));
    const [bad, good] = [50, 40].map((minutes, n) =>
      submission(now - minutes * 60_000, n === 0 ? 'sweep-bad' : 'sweep-good', {}),
    );
    assert.ok(bad && good);
    await stages.accept(bad);
    await stages.accept(good);
    await edge.cron();
    await edge.ready('sweep-good', 1);
    assert.deepEqual(await failures(), [{ step: 'sweep', name: bad.submission }]);
    assert.match(String((await edge.api.get('/metrics')).body), /^task_queue_sweep_failures 1$/m);
    await edge.sql('INSERT INTO ended_windows VALUES (?, 0)', windowOf(bad.submission));
    await edge.cron();
    assert.equal(await stages.isSealed(bad), false);
    await edge.sql('DROP TRIGGER refuse');
    await retryAll();
    await edge.cron();
    await edge.ready('sweep-bad', 1);
    assert.deepEqual([await failures(), await stages.isSealed(bad)], [[], true]);
  });
});
