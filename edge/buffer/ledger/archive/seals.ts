import type { DueWindow, OpenSeal, RoundEnd } from '../../../contract/ledger/archive.ts';
import type { SubmissionCount } from '../../../contract/ledger/tasks.ts';
import { type PerType, valuesOf } from '../../../contract/per-type.ts';
import { windowEnd, windowOf } from '../../../contract/task-id.ts';
import type { Sql, SqlValue } from '../store/sql.ts';
import { removeEndedWindow } from './ended-windows.ts';

/** How many windows one call reads, oldest first. */
const MAX_SCANNED_WINDOWS = 1000;
/** A window is not closed until this long after the time of its last id. */
const SETTLED_MS = 120_000;
/** A first round waits for this part of the retention, so that most tasks of its window have ended. */
const GRACE = 1 / 24;
/** A further round waits until the window's age has grown by this part since the last round. */
const AGE_BETWEEN_ROUNDS = 1 / 2;
/**
 * After this number of rounds, a window waits for its time even if space is short: each round is a key to read.
 */
const MAX_EARLY_ROUNDS = 32;
/**
 * A round takes only tasks that ended this long before it, so that a clock that is set back adds no tasks to it.
 */
const CLOCK_MARGIN_MS = 1000;
/** How long the rows of a round are kept after they were archived. */
export const PURGE_AFTER_MS = 300_000;
/** Sorts after every id of a window and before the next window. */
export const END = '~';

/** Whether a row of `tasks` is in the open round of the row of `seals`. */
export const IN_ROUND = `(tasks.claimed_at IS NULL AND tasks.completed_at <= coalesce(
  (SELECT value FROM json_each(seals.type_cutoffs) WHERE key = tasks.type), seals.cutoff)
  AND (seals.up_to IS NULL OR tasks.id <= seals.up_to))`;

/** Whether a row of `tasks` is in an open round. Such a row never changes. */
export const FROZEN = `EXISTS (
  SELECT 1 FROM seals WHERE seals.window = substr(tasks.id, 1, 8) AND seals.purged_at IS NULL AND ${IN_ROUND})`;

const SELECT_ROUNDS = 'SELECT rounds FROM seals WHERE window = ?1';

/** How many rounds of a window are written; null if the window is not closed. */
export function roundsOf(sql: Sql, window: string): number | null {
  return sql.exec<{ rounds: number }>(SELECT_ROUNDS, window)[0]?.rounds ?? null;
}

/** Whether a window is closed to inserts. */
export function isSealed(sql: Sql, window: string): boolean {
  return roundsOf(sql, window) !== null;
}

const SELECT_FROZEN = `SELECT 1 AS frozen FROM tasks WHERE id = ?1 AND ${FROZEN}`;

/** Whether a task is being archived. */
export function isFrozen(sql: Sql, taskId: string): boolean {
  return sql.exec(SELECT_FROZEN, taskId).length > 0;
}

/**
 * Reasons why a window must not be closed: a submission with a reserved key, because a repeat of its request may
 * still store it; and a submission that the sweep could not deliver.
 */
const SELECT_HINDRANCE = `
  SELECT 1 AS hindered FROM idempotency_keys WHERE accepted = 0 AND submission > ?1 AND submission < ?2
  UNION ALL
  SELECT 1 FROM failures WHERE step = 'sweep' AND name >= ?1 AND name < ?2
  LIMIT 1`;

function mayClose(sql: Sql, window: string, now: number): boolean {
  return (
    windowEnd(window) + SETTLED_MS <= now && sql.exec(SELECT_HINDRANCE, window, window + END).length === 0
  );
}

interface EndedWindow extends Record<string, SqlValue> {
  window: string;
  since: number;
  sealed: number;
  open: number;
  rounds: number | null;
  opened_at: number | null;
  retry_at: number | null;
}

const SELECT_ENDED_WINDOWS = `
  SELECT ended.window, ended.since, seals.window IS NOT NULL AS sealed, rounds, opened_at, retry_at,
    seals.window IS NOT NULL AND purged_at IS NULL AS open
  FROM (SELECT window, since FROM ended_windows WHERE window > ?1 ORDER BY window LIMIT ${MAX_SCANNED_WINDOWS}) AS ended
  LEFT JOIN seals ON seals.window = ended.window
  LEFT JOIN failures ON step = 'archive' AND name = ended.window
  ORDER BY ended.window`;

/** Whether a closed window is old enough for a further round. */
function isFurtherDue({ window, opened_at, rounds }: EndedWindow, early: boolean, now: number): boolean {
  if (opened_at === null || (early && (rounds ?? 0) < MAX_EARLY_ROUNDS)) return true;
  return opened_at + (opened_at - windowEnd(window)) * AGE_BETWEEN_ROUNDS <= now;
}

/**
 * The oldest windows that are due for an archive round. Live tasks of a window do not delay it; they stay.
 *
 * @param retention how long ended tasks stay, in milliseconds.
 * @param from where the scan begins: an empty text, or `next` of the last call.
 * @returns `next` is empty after all windows were scanned.
 */
export function closable(
  sql: Sql,
  retention: PerType,
  limit: number,
  early: boolean,
  from: string,
  now: number,
): { windows: DueWindow[]; next: string } {
  const endedBy = now - Math.min(...valuesOf(retention)) * (1 + GRACE);
  const looked = sql.exec<EndedWindow>(SELECT_ENDED_WINDOWS, from);
  const windows: DueWindow[] = [];
  for (const ended of looked) {
    const { window, since, sealed, open, retry_at } = ended;
    if (windowEnd(window) + SETTLED_MS > now) return { windows, next: '' };
    if (since > endedBy || open === 1 || (retry_at ?? 0) > now) continue;
    if (sealed === 1 ? !isFurtherDue(ended, early, now) : !mayClose(sql, window, now)) continue;
    windows.push({ window, sealed: sealed === 1 });
    if (windows.length === limit) return { windows, next: from };
  }
  return { windows, next: looked.length === MAX_SCANNED_WINDOWS ? (looked.at(-1)?.window ?? '') : '' };
}

const SELECT_OPEN = 'SELECT purged_at IS NULL AS open FROM seals WHERE window = ?1';

const OPEN_ROUND = `
  INSERT INTO seals (window, sealed_at, rounds, opened_at, cutoff, type_cutoffs) VALUES (?1, ?2, 0, ?2, ?3, ?4)
  ON CONFLICT (window) DO UPDATE SET
    archived_at = NULL, purged_at = NULL, opened_at = excluded.opened_at, cutoff = excluded.cutoff,
    type_cutoffs = excluded.type_cutoffs, up_to = NULL, purged_to = NULL`;

/**
 * Closes a window to inserts and opens a round of it. From then on, the rows whose retention has passed do not
 * change. While a round of the window is open, this changes nothing.
 *
 * @returns false if the window may not be closed yet.
 */
export function seal(sql: Sql, window: string, retention: PerType, now: number): boolean {
  const known = sql.exec<{ open: number }>(SELECT_OPEN, window)[0];
  if (known?.open === 1) return true;
  if (!known && !mayClose(sql, window, now)) return false;
  const cutoff = (keptMs: number) => now - Math.max(keptMs, CLOCK_MARGIN_MS);
  const types = Object.entries(retention.types).map(([type, keptMs]) => [type, cutoff(keptMs)]);
  const typeCutoffs = types.length === 0 ? null : JSON.stringify(Object.fromEntries(types));
  sql.exec(OPEN_ROUND, window, now, cutoff(retention.default), typeCutoffs);
  removeEndedWindow(sql, window);
  return true;
}

const SELECT_OPEN_SEALS = `
  SELECT window, rounds AS round, archived_at IS NOT NULL AS archived, coalesce(archived_at <= ?1, 0) AS purgeable
  FROM seals WHERE purged_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM failures WHERE step = 'archive' AND name = window AND retry_at > ?2)
  ORDER BY opened_at, window LIMIT ?3`;

/** Open rounds in the order in which they were opened, without those of failing windows. */
export function openSeals(sql: Sql, limit: number, now: number): OpenSeal[] {
  return sql
    .exec<{ window: string; round: number; archived: number; purgeable: number }>(
      SELECT_OPEN_SEALS,
      now - PURGE_AFTER_MS,
      now,
      limit,
    )
    .map(({ archived, purgeable, ...seal }) => ({
      ...seal,
      archived: archived === 1,
      purgeable: purgeable === 1,
    }));
}

const MARK_ARCHIVED = `
  UPDATE seals SET archived_at = ?3, rounds = rounds + ?4, up_to = ?5
  WHERE window = ?1 AND rounds = ?2 AND archived_at IS NULL AND purged_at IS NULL`;

/** Marks a round as written. An empty round has no key, so its purge does not wait until KV shows a key. */
export function markArchived(
  sql: Sql,
  window: string,
  round: number,
  { tasks, upTo }: RoundEnd,
  now: number,
): void {
  const isEmpty = tasks === 0;
  sql.exec(MARK_ARCHIVED, window, round, isEmpty ? now - PURGE_AFTER_MS : now, isEmpty ? 0 : 1, upTo);
}

const COUNT_OF_SUBMISSION = 'SELECT count(*) AS tasks FROM tasks WHERE id >= ?1 AND id < ?2';

/** The submissions that have a task which the ledger does not have, without those of closed windows. */
export function incomplete(sql: Sql, submissions: readonly SubmissionCount[]): string[] {
  return submissions
    .filter(({ submission, tasks }) => {
      const known =
        sql.exec<{ tasks: number }>(COUNT_OF_SUBMISSION, submission, submission + END)[0]?.tasks ?? 0;
      return known < tasks && !isSealed(sql, windowOf(submission));
    })
    .map(({ submission }) => submission);
}
