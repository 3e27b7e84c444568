import { MAX_WANTED_TYPES } from '../../../contract/limits.ts';
import type { Sql } from '../store/sql.ts';
import type { Store } from '../store/store.ts';
import type { ReadyTask } from './queue-order.ts';

/** How many due tasks one call makes ready. The alarm continues with the rest. */
const PROMOTE_LIMIT = 500;

const PROMOTE_DUE = `
  UPDATE tasks SET state = 'ready'
  WHERE id IN (
    SELECT id FROM tasks WHERE state = 'scheduled' AND claimed_at IS NULL AND run_at <= ?1
    ORDER BY run_at LIMIT ${PROMOTE_LIMIT})
  RETURNING type`;

/** Makes scheduled tasks ready if their time has come. */
export function promoteDue(sql: Store, now: number): void {
  if ((nextRunAt(sql) ?? Number.POSITIVE_INFINITY) > now) return;
  for (const { type } of sql.exec<{ type: string }>(PROMOTE_DUE, now))
    sql.counters.move(type, 'scheduled', 'ready');
}

const NEXT_RUN = `SELECT min(run_at) AS at FROM tasks WHERE state = 'scheduled' AND claimed_at IS NULL`;

/** When the next scheduled task is due. */
export function nextRunAt(sql: Sql): number | null {
  return sql.exec<{ at: number | null }>(NEXT_RUN)[0]?.at ?? null;
}

const SELECT_CLAIMABLE = `
  SELECT type, ready FROM types
  WHERE type IN (SELECT value FROM json_each(?1)) AND ready > 0 AND NOT EXISTS (SELECT 1 FROM paused_types WHERE paused_types.type = types.type)`;

/**
 * How many tasks of each type may be claimed. Types without such tasks are left out. Takes one look-up per type.
 */
export function claimable(sql: Sql, types: readonly string[]): Map<string, number> {
  const rows = sql.exec<{ type: string; ready: number }>(SELECT_CLAIMABLE, JSON.stringify(types));
  return new Map(rows.map(({ type, ready }) => [type, ready]));
}

/** How many pairs of a type and a priority one call reads to find the oldest task. */
const MAX_LOOK_UPS = 500;

/** The first ready task of a type below a priority. */
const firstBelow = (type: string, priority: string) => `(
  SELECT json_array(id, type, priority, run_at) FROM tasks
  WHERE state = 'ready' AND type = ${type} AND priority < ${priority} ORDER BY priority DESC, run_at, id LIMIT 1)`;

const SELECT_OLDEST = `
  WITH RECURSIVE heads (head) AS (
    SELECT ${firstBelow('wanted.value', '?2')} FROM json_each(?1) AS wanted
    UNION ALL
    SELECT ${firstBelow('heads.head ->> 1', 'heads.head ->> 2')} FROM heads WHERE head IS NOT NULL
    LIMIT ${MAX_LOOK_UPS})
  SELECT head ->> 0 AS id, head ->> 1 AS type, head ->> 2 AS priority, head ->> 3 AS run_at
  FROM heads WHERE head IS NOT NULL ORDER BY run_at LIMIT 1`;

/**
 * The task of some types that has been ready for the longest time. Each pair of a type and a priority takes one
 * look-up, beginning with the highest priority of each type. Pairs after the first 500 are ignored.
 */
export function oldestReady(sql: Sql, types: readonly string[]): ReadyTask | null {
  return sql.exec<ReadyTask>(SELECT_OLDEST, JSON.stringify(types), Number.MAX_SAFE_INTEGER)[0] ?? null;
}

/** Takes one index look-up per type, regardless of the number of tasks. */
const READY_TYPES = `
  WITH RECURSIVE types (type) AS (
    SELECT min(type) FROM tasks WHERE state = 'ready'
    UNION ALL
    SELECT (SELECT min(type) FROM tasks WHERE state = 'ready' AND type > types.type)
    FROM types WHERE types.type IS NOT NULL
    LIMIT ${MAX_WANTED_TYPES})
  SELECT type FROM types WHERE type IS NOT NULL`;

/** The first 500 types by name that have a ready task. */
export function readyTypes(sql: Sql): string[] {
  return sql.exec<{ type: string }>(READY_TYPES).map((row) => row.type);
}
