import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_INLINE_BYTES } from '../../contract/limits.ts';
import type { TaskSubmission } from '../../contract/task.ts';
import { newSubmission } from '../../contract/task-id.ts';
import { prepare } from '../submission/prepare.ts';
import { recordTtlSeconds } from './record-ttl.ts';

const DAY = 24 * 3600;
const NOW = Date.UTC(2026, 0, 1);
const SUBMISSION = newSubmission(NOW, 0, new Uint8Array(6));

function ttlDays(
  env: { ARCHIVE_DAYS?: string; RETENTION_HOURS?: string },
  ...tasks: TaskSubmission[]
): number {
  return (
    recordTtlSeconds(
      env,
      prepare(SUBMISSION, tasks, () => []),
    ) / DAY
  );
}

const large = { type: 'a', payload: 'x'.repeat(MAX_INLINE_BYTES) };

test('a record is kept longer than the archive: for the retention, the archive and one day', () => {
  assert.equal(ttlDays({}, { type: 'a' }), 32);
  assert.equal(ttlDays({ ARCHIVE_DAYS: '3' }, { type: 'a' }), 5);
  assert.equal(ttlDays({ ARCHIVE_DAYS: '3', RETENTION_HOURS: '48' }, { type: 'a' }), 6);
});

test('the time begins when the last task of the record may run', () => {
  const runAt = new Date(NOW + 20 * DAY * 1000).toISOString();
  assert.equal(ttlDays({}, { type: 'a', delaySeconds: 10 * DAY }, { type: 'a', runAt }, { type: 'a' }), 52);
});

test('a record is kept for the longest archive of its types', () => {
  const env = { ARCHIVE_DAYS: '30, report=365, noise=1' };
  assert.equal(ttlDays(env, { type: 'noise' }), 3);
  assert.equal(ttlDays(env, { type: 'noise' }, { type: 'a' }), 32);
  assert.equal(ttlDays(env, { type: 'noise' }, { type: 'report' }, { type: 'a' }), 367);
});

test('a record with a payload that the ledger does not store is kept for at least 90 days', () => {
  assert.equal(ttlDays({}, { type: 'a' }, large), 90);
  assert.equal(ttlDays({ ARCHIVE_DAYS: '1' }, { ...large, delaySeconds: DAY }), 91);
  assert.equal(ttlDays({ ARCHIVE_DAYS: '100' }, large), 102);
});
