import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { StatusView, Submitted } from '../contract/api.ts';
import { windowAt } from '../contract/task-id.ts';
import { expectError } from '../testing/assertions.ts';
import { read } from '../testing/caller.ts';
import { workersWith } from '../testing/harness.ts';
import { archivingEdge, ownEdge } from '../testing/shared-edges.ts';
import { HOUR, longAgo, messageOf, SubmissionStages, submission } from '../testing/submission-stages.ts';
import { waitFor } from '../testing/wait-for.ts';

const shared = archivingEdge();

describe('a ledger above FULL_BYTES', () => {
  const edge = shared;
  const stages = new SubmissionStages(edge);
  const record = submission(longAgo(), 'full-window', {}, {});
  const old = submission(Date.now() - HOUR / 2, 'full-old', {});
  let accepted = '';

  before(async () => {
    await stages.accept(record);
    await stages.deliver(record, 1);
    await stages.finish('full-window');
    await stages.accept(old);
    await edge.sql('INSERT OR REPLACE INTO swept VALUES (1, ?)', windowAt(Date.now() - HOUR));
    for (let row = 0; row < 20; row += 1) {
      await edge.sql(
        "INSERT INTO idempotency_keys VALUES (?, hex(zeroblob(900000)), '', 0, 0)",
        `fill ${row}`,
      );
    }
  });

  test('refuses submissions after the one that discovers it', async () => {
    accepted = read(await edge.api.post('/tasks', { type: 'full-accepted' }), Submitted).taskId;
    await waitFor('the refusal', async () => {
      const answer = await edge.api.post('/tasks', { type: 'full-refused' });
      return answer.status === 201 ? undefined : expectError(answer, 'full');
    });
  });

  test('leaves messages in the queue', async () => {
    const messages = [messageOf(submission(Date.now(), 'full-message', {})), messageOf(old)];
    assert.equal((await stages.consume(...messages)).length, 2);
    assert.deepEqual(await stages.rows(old), []);
  });

  test('closes no window while one of its tasks is not inserted yet', async () => {
    await edge.cron();
    assert.equal(await stages.isSealed(record), false);
  });

  test('inserts everything once it has capacity again', async () => {
    await edge.cron();
    await edge.sql("DELETE FROM idempotency_keys WHERE key LIKE 'fill %'");
    assert.deepEqual(await stages.consume(messageOf(submission(Date.now(), 'full-message', {}))), []);
    await edge.ready('full-message', 1);
    await edge.cron();
    await edge.ready('full-accepted', 1);
    assert.equal((await edge.api.read(`/tasks/${accepted}/status`, StatusView)).status, 'pending');
    assert.equal((await stages.rows(old)).length, 1, 'Expected the sure sweep not to skip it');
    assert.equal((await stages.rows(record)).length, 2, 'Expected its window to be open');
  });
});

describe('a ledger above SEAL_EARLY_BYTES', () => {
  const edge = ownEdge(
    workersWith({
      AUTH: 'off',
      RETENTION_HOURS: '24',
      SEAL_EARLY_BYTES: '0',
      SWEEP_AFTER_SECONDS: '864000',
    }),
  );
  const stages = new SubmissionStages(edge);

  test('archives tasks as soon as they have ended', async () => {
    const record = submission(longAgo(), 'early', {}, {});
    await stages.accept(record);
    await stages.deliver(record);
    await edge.cron();
    assert.equal(await stages.isSealed(record), false);
    await stages.finish('early', 0.001);
    await edge.cron();
    assert.equal(await stages.isSealed(record), true);
    assert.equal((await stages.archiveOf(record)).length, 1);
  });

  test('inserts missing tasks before it closes a window, even if SWEEP_AFTER_SECONDS leaves them to the queue', async () => {
    const record = submission(longAgo(), 'early-part', {}, {});
    await stages.accept(record);
    await stages.deliver(record, 1);
    await stages.finish('early-part', 0.001);
    await edge.cron();
    assert.equal(await stages.isSealed(record), true);
    await edge.ready('early-part', 1);
  });
});
