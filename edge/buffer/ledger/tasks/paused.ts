import { MAX_LIVE_TYPES } from '../../../contract/limits.ts';
import type { Sql } from '../store/sql.ts';

const COUNT = 'SELECT count(*) AS types FROM paused_types';
const PAUSE = 'INSERT INTO paused_types (type, paused_at) VALUES (?1, ?2) ON CONFLICT (type) DO NOTHING';

/**
 * Pauses a type: claims get no tasks of it. Running tasks continue.
 *
 * @returns whether the type is paused now. It is not if the maximum number of types is paused.
 */
export function pause(sql: Sql, type: string, now: number): boolean {
  if (pausedTypes(sql, [type]).has(type)) return true;
  const types = sql.exec<{ types: number }>(COUNT)[0]?.types ?? 0;
  if (types >= MAX_LIVE_TYPES) return false;
  sql.exec(PAUSE, type, now);
  return true;
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
