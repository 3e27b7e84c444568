import type { Sql } from '../store/sql.ts';

const PAUSE = 'INSERT INTO paused_types (type, paused_at) VALUES (?1, ?2) ON CONFLICT (type) DO NOTHING';

/** Pauses a type: claims get no tasks of it. Running tasks continue. */
export function pause(sql: Sql, type: string, now: number): void {
  sql.exec(PAUSE, type, now);
}

const RESUME = 'DELETE FROM paused_types WHERE type = ?1';

export function resume(sql: Sql, type: string): void {
  sql.exec(RESUME, type);
}

const SELECT_PAUSED = 'SELECT type FROM paused_types WHERE type IN (SELECT value FROM json_each(?1))';

/** The given types that are paused. Each given type takes one look-up. */
export function pausedTypes(sql: Sql, types: readonly string[]): Set<string> {
  const rows = sql.exec<{ type: string }>(SELECT_PAUSED, JSON.stringify(types));
  return new Set(rows.map((row) => row.type));
}

/** The given types that are not paused, in their order. */
export function withoutPaused(sql: Sql, types: readonly string[]): string[] {
  const paused = pausedTypes(sql, types);
  return types.filter((type) => !paused.has(type));
}
