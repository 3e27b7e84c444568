import type { Sql } from '../store/sql.ts';

const SELECT_SWEPT = 'SELECT window FROM swept';

/** The window up to which the last sweep found all submissions delivered; null before the first sweep. */
export function sweptWindow(sql: Sql): string | null {
  return sql.exec<{ window: string }>(SELECT_SWEPT)[0]?.window ?? null;
}

const MARK_SWEPT = `
  INSERT INTO swept (id, window) VALUES (1, ?1)
  ON CONFLICT (id) DO UPDATE SET window = max(window, excluded.window)`;

/** Records that all submissions up to the end of a window are delivered. */
export function markSwept(sql: Sql, window: string): void {
  sql.exec(MARK_SWEPT, window);
}
