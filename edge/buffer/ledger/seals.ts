import type { ArchivePage, OpenSeal, SubmissionCount } from '../../contract/ledger.ts';
import type { TaskState } from '../../contract/task.ts';
import { windowEnd, windowOf } from '../../contract/task-id.ts';
import { readTask } from './rows.ts';
import type { Sql } from './sql.ts';
import type { Store } from './tally.ts';

/** How many windows one call looks at, from the oldest on. */
const MAX_SCANNED_WINDOWS = 1000;
/** A window is closed no sooner than this after its last id was made. */
const SETTLED_MS = 120_000;
/** Sorts after every id of a window and before the next window. */
const END = '~';

/** What the rows of a sealed window are kept for after they were archived. */
const PURGE_AFTER_MS = 300_000;

const SELECT_SEAL = 'SELECT 1 AS sealed FROM seals WHERE window = ?1';

/** Whether a window is closed. */
export function isSealed(sql: Sql, window: string): boolean {
  return sql.exec(SELECT_SEAL, window).length > 0;
}

const NEXT_WINDOW = 'SELECT substr(min(id), 1, 8) AS window FROM tasks WHERE id > ?1';

const SELECT_HINDRANCE = `
  SELECT 1 AS hindered FROM tasks
  WHERE id > ?1 AND id < ?2 AND (completed_at IS NULL OR completed_at > ?3 OR claimed_at IS NOT NULL)
  LIMIT 1`;

/** A submission whose key is reserved may still be stored, by a repeat of its request. */
const SELECT_PROMISE = `
  SELECT 1 AS promised FROM idempotency_keys
  WHERE accepted = 0 AND submission > ?1 AND submission < ?2 LIMIT 1`;

/** Whether all tasks of a window ended before a time, so that it may be closed. */
function mayClose(sql: Sql, window: string, endedBefore: number): boolean {
  return (
    sql.exec(SELECT_HINDRANCE, window, window + END, endedBefore).length === 0 &&
    sql.exec(SELECT_PROMISE, window, window + END).length === 0
  );
}

/**
 * The oldest windows that may be closed. A task that is alive holds back its own window only.
 *
 * @param endedBefore all their tasks have ended before this time, in Unix milliseconds.
 * @param from where the look begins: an empty text, or what the last one returned as `next`.
 * @returns `next` is empty where all windows were looked at.
 */
export function closable(
  sql: Sql,
  endedBefore: number,
  limit: number,
  from: string,
  now: number,
): { windows: string[]; next: string } {
  const windows: string[] = [];
  let last = from;
  for (let scanned = 0; scanned < MAX_SCANNED_WINDOWS; scanned += 1) {
    const window = sql.exec<{ window: string | null }>(NEXT_WINDOW, last)[0]?.window ?? null;
    if (window === null || windowEnd(window) + SETTLED_MS > now) return { windows, next: '' };
    if (!isSealed(sql, window) && mayClose(sql, window, endedBefore)) windows.push(window);
    if (windows.length === limit) return { windows, next: from };
    last = window + END;
  }
  return { windows, next: last };
}

const SEAL = 'INSERT INTO seals (window, sealed_at) VALUES (?1, ?2)';

/** Closes a window; false where a task of it is alive, or ended too late. Closing it again changes nothing. */
export function seal(sql: Sql, window: string, endedBefore: number, now: number): boolean {
  if (isSealed(sql, window)) return true;
  if (!mayClose(sql, window, endedBefore)) return false;
  sql.exec(SEAL, window, now);
  return true;
}

const SELECT_OPEN_SEALS = `
  SELECT window, archived_at IS NOT NULL AS archived, coalesce(archived_at <= ?1, 0) AS purgeable
  FROM seals WHERE purged_at IS NULL ORDER BY sealed_at LIMIT ?2`;

/** Closed windows whose rows are still here, in the order in which they were closed. */
export function openSeals(sql: Sql, limit: number, now: number): OpenSeal[] {
  return sql
    .exec<{ window: string; archived: number; purgeable: number }>(
      SELECT_OPEN_SEALS,
      now - PURGE_AFTER_MS,
      limit,
    )
    .map(({ window, archived, purgeable }) => ({
      window,
      archived: archived === 1,
      purgeable: purgeable === 1,
    }));
}

/** What the small columns of a row take in JSON, at most. */
const ROW_BYTES = 700;

const SELECT_SIZES = `
  SELECT id, ${ROW_BYTES} + octet_length(json_quote(payload)) + octet_length(json_quote(result))
    + octet_length(attempts) + coalesce(octet_length(error), 0) + coalesce(octet_length(tags), 0) AS bytes
  FROM tasks WHERE id > ?1 AND id < ?2 ORDER BY id`;

/** The rows of a closed window after an id, as many as fit in `maxBytes`, at least one. */
export function archivePage(sql: Sql, window: string, after: string, maxBytes: number): ArchivePage {
  const sizes = sql.exec<{ id: string; bytes: number }>(SELECT_SIZES, after || window, window + END);
  let total = 0;
  const end = sizes.findIndex(({ bytes }, index) => {
    total += bytes;
    return index > 0 && total > maxBytes;
  });
  const ids = sizes.slice(0, end === -1 ? sizes.length : end).map(({ id }) => id);
  return { tasks: ids.flatMap((id) => readTask(sql, id) ?? []), more: end !== -1 };
}

const MARK_ARCHIVED = 'UPDATE seals SET archived_at = coalesce(archived_at, ?2) WHERE window = ?1';

/** The records of a closed window are written. */
export function markArchived(sql: Sql, window: string, now: number): void {
  sql.exec(MARK_ARCHIVED, window, now);
}

const MAY_PURGE = 'SELECT 1 AS purgeable FROM seals WHERE window = ?1 AND archived_at <= ?2';
const COUNT_ROWS = `
  SELECT type, state, count(*) AS tasks FROM tasks WHERE id > ?1 AND id < ?2 GROUP BY type, state`;
const DELETE_ROWS = 'DELETE FROM tasks WHERE id > ?1 AND id < ?2';
const MARK_PURGED = 'UPDATE seals SET purged_at = ?2 WHERE window = ?1';

/** Deletes the rows of a window that was archived some minutes ago; the seal stays. */
export function purge(sql: Store, window: string, now: number): void {
  if (sql.exec(MAY_PURGE, window, now - PURGE_AFTER_MS).length === 0) return;
  const counts = sql.exec<{ type: string; state: TaskState; tasks: number }>(
    COUNT_ROWS,
    window,
    window + END,
  );
  for (const { type, state, tasks } of counts) sql.tally.move(type, state, null, tasks);
  sql.exec(DELETE_ROWS, window, window + END);
  sql.exec(MARK_PURGED, window, now);
}

const COUNT_OF_SUBMISSION = 'SELECT count(*) AS tasks FROM tasks WHERE id >= ?1 AND id < ?2';

/** The submissions of which the ledger lacks a task, closed windows aside. */
export function incomplete(sql: Sql, submissions: readonly SubmissionCount[]): string[] {
  return submissions
    .filter(({ submission, tasks }) => {
      const known =
        sql.exec<{ tasks: number }>(COUNT_OF_SUBMISSION, submission, submission + END)[0]?.tasks ?? 0;
      return known < tasks && !isSealed(sql, windowOf(submission));
    })
    .map(({ submission }) => submission);
}
