import { windowEnd } from '../../../contract/task-id.ts';
import type { Sql } from '../store/sql.ts';

/** How many windows one call of {@link listEndedWindows} reads. */
const MAX_LISTED = 1000;

const ADD = `
  INSERT INTO ended_windows (window, since) SELECT value, ?2 FROM json_each(?1) WHERE true
  ON CONFLICT (window) DO UPDATE SET since = min(since, excluded.since)`;

/** Records that tasks of these windows have ended. A round is due some time after `since`. */
export function addEndedWindows(sql: Sql, windows: Iterable<string>, since: number): void {
  const list = [...windows];
  if (list.length > 0) sql.exec(ADD, JSON.stringify(list), since);
}

const REMOVE = 'DELETE FROM ended_windows WHERE window = ?1';

export function removeEndedWindow(sql: Sql, window: string): void {
  sql.exec(REMOVE, window);
}

const NEXT_WINDOW = 'SELECT substr(min(id), 1, 8) AS window FROM tasks WHERE id > ?1';

/**
 * Adds the windows of a ledger that is older than the list to the list, one portion per call. It does not check
 * whether tasks of a window have ended; the window's first round finds out.
 *
 * @param after the last window of the previous portion; an empty text at first.
 * @returns the last window of this portion; null after the last portion.
 */
export function listEndedWindows(sql: Sql, after: string): string | null {
  let last = after;
  for (let count = 0; count < MAX_LISTED; count += 1) {
    const found = sql.exec<{ window: string | null }>(NEXT_WINDOW, last === '' ? '' : `${last}~`);
    const window = found[0]?.window ?? null;
    if (window === null) return null;
    addEndedWindows(sql, [window], windowEnd(window));
    last = window;
  }
  return last;
}
