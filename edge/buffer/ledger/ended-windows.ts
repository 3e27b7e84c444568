import { windowEnd } from '../../contract/task-id.ts';
import type { Sql } from './sql.ts';

/** How many windows one call of {@link listEndedWindows} looks at. */
const MAX_LISTED = 1000;

const ADD = `
  INSERT INTO ended_windows (window, since) SELECT value, ?2 FROM json_each(?1) WHERE true
  ON CONFLICT (window) DO UPDATE SET since = min(since, excluded.since)`;

/** Tasks of these windows have ended: a round is due for them some time after `since`. */
export function addEndedWindows(sql: Sql, windows: Iterable<string>, since: number): void {
  const list = [...windows];
  if (list.length > 0) sql.exec(ADD, JSON.stringify(list), since);
}

const REMOVE = 'DELETE FROM ended_windows WHERE window = ?1';

export function removeEndedWindow(sql: Sql, window: string): void {
  sql.exec(REMOVE, window);
}

const SELECT_FILL = 'SELECT window FROM ended_windows_fill';
const MARK_FILL = 'UPDATE ended_windows_fill SET window = ?1';
const END_FILL = 'DELETE FROM ended_windows_fill';
const NEXT_WINDOW = 'SELECT substr(min(id), 1, 8) AS window FROM tasks WHERE id > ?1';

/**
 * Lists the windows of a ledger that is older than the list, a portion a call. Whether tasks of a window have
 * ended is left to its first round.
 *
 * @returns whether there are more.
 */
export function listEndedWindows(sql: Sql): boolean {
  const from = sql.exec<{ window: string }>(SELECT_FILL)[0]?.window;
  if (from === undefined) return false;
  let last = from;
  for (let count = 0; count < MAX_LISTED; count += 1) {
    const found = sql.exec<{ window: string | null }>(NEXT_WINDOW, last === '' ? '' : `${last}~`);
    const window = found[0]?.window ?? null;
    if (window === null) {
      sql.exec(END_FILL);
      return false;
    }
    addEndedWindows(sql, [window], windowEnd(window));
    last = window;
  }
  sql.exec(MARK_FILL, last);
  return true;
}
