import { ofType } from '../../contract/per-type.ts';
import { createdAtOf } from '../../contract/task-id.ts';
import type { ApiEnv } from '../env.ts';
import type { Prepared } from '../submission/prepare.ts';
import { archiveDays, retentionHours } from './retention.ts';

/** A task ends some time after it may run, and is archived some time after its retention. */
const MARGIN_DAYS = 1;
/** A large payload is stored only in the record, so the record must outlast a long backlog. */
const MIN_LARGE_DAYS = 90;
const DAY_SECONDS = 24 * 3600;

/**
 * How many seconds KV keeps the record of a submission. The time is the longest retention plus archive of its
 * types, plus one day, and begins when the last of its tasks may run. If the record contains a payload that is too
 * large for the ledger, the time is at least 90 days.
 */
export function recordTtlSeconds(
  env: Pick<ApiEnv, 'ARCHIVE_DAYS' | 'RETENTION_HOURS'>,
  { record: { submission, tasks }, sized }: Prepared,
): number {
  const createdAt = createdAtOf(submission);
  const latestRunAt = Math.max(createdAt, ...tasks.map(({ runAtMs = createdAt }) => runAtMs));
  const [kept, archived] = [retentionHours(env), archiveDays(env)];
  const hasLarge = sized.some(({ task }) => task.bodyBytes !== undefined);
  const days = Math.max(
    hasLarge ? MIN_LARGE_DAYS : 0,
    ...tasks.map(({ type }) => ofType(kept, type) / 24 + ofType(archived, type) + MARGIN_DAYS),
  );
  return Math.ceil((latestRunAt - createdAt) / 1000 + days * DAY_SECONDS);
}
