import type { Sql } from '../store/sql.ts';

const PAUSE = 'INSERT INTO paused_types (type, paused_at) VALUES (?1, ?2) ON CONFLICT (type) DO NOTHING';

/** Pauses a type: none of its tasks is handed out from now on; running tasks continue. */
export function pause(sql: Sql, type: string, now: number): void {
  sql.exec(PAUSE, type, now);
}

const RESUME = 'DELETE FROM paused_types WHERE type = ?1';

export function resume(sql: Sql, type: string): void {
  sql.exec(RESUME, type);
}

const SELECT_PAUSED = 'SELECT type FROM paused_types WHERE type IN (SELECT value FROM json_each(?1))';

/** Those of some types that are paused: one look-up a type, however many are paused. */
export function pausedTypes(sql: Sql, types: readonly string[]): Set<string> {
  const rows = sql.exec<{ type: string }>(SELECT_PAUSED, JSON.stringify(types));
  return new Set(rows.map((row) => row.type));
}

/** Those of some types of which tasks are handed out, in their order. */
export function withoutPaused(sql: Sql, types: readonly string[]): string[] {
  const paused = pausedTypes(sql, types);
  return types.filter((type) => !paused.has(type));
}
