import { ofType } from '../../contract/per-type.ts';
import { createdAtOf } from '../../contract/task-id.ts';
import type { ApiEnv } from '../env.ts';
import type { Prepared } from '../submission/prepare.ts';
import { archiveDays, retentionHours } from './retention.ts';

/** A task ends some time after it may run, and is archived some time after its retention. */
const MARGIN_DAYS = 1;
/** A payload that the ledger does not hold is in the record alone: it outlasts a long backlog. */
const MIN_LARGE_DAYS = 90;
const DAY_SECONDS = 24 * 3600;

/**
 * How many seconds KV keeps the record of a submission: the longest retention and archive of its types and one
 * day from when the last of its tasks may run, and 90 days at least if it holds a payload that is too large for the
 * ledger.
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
