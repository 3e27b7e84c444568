import type { ArchivePage } from '../../../contract/ledger/archive.ts';
import type { TaskState } from '../../../contract/task.ts';
import { leavePacks } from '../store/packs.ts';
import { HAS_NO_RECORD, readForArchive } from '../store/rows.ts';
import type { Sql } from '../store/sql.ts';
import type { Store } from '../store/store.ts';
import { addEndedWindows } from './ended-windows.ts';
import { END, IN_ROUND, PURGE_AFTER_MS } from './seals.ts';

/** How many rows one call reads. */
const MAX_SCANNED_ROWS = 1000;
/** Maximum size of the small columns of a row in JSON. */
const ROW_BYTES = 700;

const IS_WRITTEN = `
  SELECT 1 AS written FROM seals
  WHERE window = ?1 AND rounds = ?2 AND archived_at IS NULL AND purged_at IS NULL`;

/** JSON escapes the quotes and backslashes of a text, so the text becomes at most twice as long. */
const SELECT_SIZES = `
  SELECT tasks.id, tasks.bytes, ${IN_ROUND} AS taken
  FROM (
    SELECT id, type, claimed_at, completed_at, ${ROW_BYTES} + 2 * coalesce(octet_length(result), 0)
      + iif(${HAS_NO_RECORD}, 2 * coalesce(body_bytes, octet_length(payload), 0), 0)
      + octet_length(attempts) + coalesce(octet_length(error), 0) + coalesce(octet_length(tags), 0) AS bytes
    FROM tasks WHERE id > ?2 AND id < ?3 ORDER BY id LIMIT ${MAX_SCANNED_ROWS}) AS tasks
  CROSS JOIN seals WHERE seals.window = ?1
  ORDER BY tasks.id`;

/** The rows of an open round after an id, up to `maxBytes`. One call scans a limited part of the window. */
export function archivePage(
  sql: Sql,
  window: string,
  round: number,
  after: string,
  maxBytes: number,
): ArchivePage | null {
  if (sql.exec(IS_WRITTEN, window, round).length === 0) return null;
  const looked = sql.exec<{ id: string; bytes: number; taken: number }>(
    SELECT_SIZES,
    window,
    after || window,
    window + END,
  );
  const ids: string[] = [];
  let last = after;
  let total = 0;
  let isFull = false;
  for (const { id, bytes, taken } of looked) {
    if (taken === 1) {
      total += bytes;
      isFull = ids.length > 0 && total > maxBytes;
      if (isFull) break;
      ids.push(id);
    }
    last = id;
  }
  const more = isFull || looked.length === MAX_SCANNED_ROWS;
  return { tasks: readForArchive(sql, ids), next: more ? last : null };
}

const SELECT_PURGE = `
  SELECT coalesce(purged_to, window) AS start FROM seals
  WHERE window = ?1 AND purged_at IS NULL AND archived_at <= ?2`;

const SELECT_LAST_SCANNED = `
  SELECT id FROM tasks WHERE id > ?1 AND id < ?2 ORDER BY id LIMIT 1 OFFSET ${MAX_SCANNED_ROWS - 1}`;

const COUNT_ROWS = `
  SELECT type, state, count(*) AS tasks FROM seals CROSS JOIN tasks
  WHERE seals.window = ?1 AND tasks.id > ?2 AND tasks.id <= ?3 AND ${IN_ROUND}
  GROUP BY type, state`;

const DELETE_ROWS = `
  DELETE FROM tasks
  WHERE id > ?2 AND id <= ?3 AND EXISTS (SELECT 1 FROM seals WHERE seals.window = ?1 AND ${IN_ROUND})
  RETURNING pack`;

const SELECT_REST = `
  SELECT min(completed_at) AS since FROM tasks WHERE id > ?1 AND id <= ?2 AND claimed_at IS NULL`;

const MARK_PURGED = 'UPDATE seals SET purged_to = ?2, purged_at = ?3 WHERE window = ?1';

/**
 * Deletes the rows of a round that was archived some minutes ago. One call scans a limited part of the window. The
 * seal stays. Other ended tasks of the window wait for the next round.
 */
export function purge(sql: Store, window: string, now: number): { more: boolean } {
  const start = sql.exec<{ start: string }>(SELECT_PURGE, window, now - PURGE_AFTER_MS)[0]?.start;
  if (start === undefined) return { more: false };
  const last = sql.exec<{ id: string }>(SELECT_LAST_SCANNED, start, window + END)[0]?.id;
  const end = last ?? window + END;
  const counts = sql.exec<{ type: string; state: TaskState; tasks: number }>(COUNT_ROWS, window, start, end);
  for (const { type, state, tasks } of counts) sql.counters.move(type, state, null, tasks);
  if (counts.length > 0) {
    const deleted = sql.exec<{ pack: number | null }>(DELETE_ROWS, window, start, end);
    leavePacks(
      sql,
      deleted.flatMap(({ pack }) => pack ?? []),
    );
  }
  const since = sql.exec<{ since: number | null }>(SELECT_REST, start, end)[0]?.since ?? null;
  if (since !== null) addEndedWindows(sql, [window], since);
  sql.exec(MARK_PURGED, window, end, last === undefined ? now : null);
  return { more: last !== undefined };
}
