import { createdAtOf } from '../contract/task-id.ts';
import { numberOf } from '../http/variables.ts';
import type { ApiEnv } from './env.ts';
import type { Prepared } from './prepare.ts';

const DEFAULT_ARCHIVE_DAYS = 30;
/** The archive of a task is written within this many days of its end. */
const MARGIN_DAYS = 2;
/** A payload that the ledger does not hold is in the record alone: it outlasts a long backlog. */
const MIN_LARGE_DAYS = 90;
const DAY_SECONDS = 24 * 3600;

/** How many seconds KV keeps the record of a submission, from its time on. */
export function recordTtlSeconds(env: Pick<ApiEnv, 'ARCHIVE_DAYS'>, { record, sized }: Prepared): number {
  const createdAt = createdAtOf(record.submission);
  const latestRunAt = Math.max(createdAt, ...record.tasks.map(({ runAtMs = createdAt }) => runAtMs));
  const archiveDays = numberOf('ARCHIVE_DAYS', env.ARCHIVE_DAYS, DEFAULT_ARCHIVE_DAYS) + MARGIN_DAYS;
  const hasLarge = sized.some(({ task }) => task.bodyBytes !== undefined);
  const days = hasLarge ? Math.max(archiveDays, MIN_LARGE_DAYS) : archiveDays;
  return Math.ceil((latestRunAt - createdAt) / 1000 + days * DAY_SECONDS);
}
