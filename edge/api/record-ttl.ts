import { ofType } from '../contract/per-type.ts';
import { createdAtOf } from '../contract/task-id.ts';
import { perTypeOf } from '../http/variables.ts';
import type { ApiEnv } from './env.ts';
import type { Prepared } from './prepare.ts';

const DEFAULT_ARCHIVE_DAYS = 30;
/** A task ends, and is archived, some time after it may run. */
const MARGIN_DAYS = 2;
/** A payload that the ledger does not hold is in the record alone: it outlasts a long backlog. */
const MIN_LARGE_DAYS = 90;
const DAY_SECONDS = 24 * 3600;

/**
 * How many seconds KV keeps the record of a submission: the longest `ARCHIVE_DAYS` of its types and two days
 * from when the last of its tasks may run, and 90 days at least if it holds a payload that is too large for the
 * ledger.
 */
export function recordTtlSeconds(
  { ARCHIVE_DAYS }: Pick<ApiEnv, 'ARCHIVE_DAYS'>,
  { record: { submission, tasks }, sized }: Prepared,
): number {
  const createdAt = createdAtOf(submission);
  const latestRunAt = Math.max(createdAt, ...tasks.map(({ runAtMs = createdAt }) => runAtMs));
  const archiveDays = perTypeOf('ARCHIVE_DAYS', ARCHIVE_DAYS, DEFAULT_ARCHIVE_DAYS);
  const hasLarge = sized.some(({ task }) => task.bodyBytes !== undefined);
  const days = Math.max(
    hasLarge ? MIN_LARGE_DAYS : 0,
    ...tasks.map(({ type }) => ofType(archiveDays, type) + MARGIN_DAYS),
  );
  return Math.ceil((latestRunAt - createdAt) / 1000 + days * DAY_SECONDS);
}
