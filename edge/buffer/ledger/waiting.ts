import { MAX_READY_COUNT, MAX_WANTED_TYPES } from '../../contract/limits.ts';
import type { Sql, SqlValue } from './sql.ts';
import type { Store } from './tally.ts';

/** How many due tasks one call promotes; the alarm goes on with the rest. */
const PROMOTE_LIMIT = 1000;

const PROMOTE_DUE = `
  UPDATE tasks SET state = 'ready'
  WHERE id IN (
    SELECT id FROM tasks WHERE state = 'scheduled' AND claimed_at IS NULL AND run_at <= ?1
    ORDER BY run_at LIMIT ${PROMOTE_LIMIT})
  RETURNING type`;

/** Makes scheduled tasks ready whose time has come. */
export function promoteDue(sql: Store, now: number): void {
  if ((nextRunAt(sql) ?? Number.POSITIVE_INFINITY) > now) return;
  for (const { type } of sql.exec<{ type: string }>(PROMOTE_DUE, now))
    sql.tally.move(type, 'scheduled', 'ready');
}

const NEXT_RUN = `SELECT min(run_at) AS at FROM tasks WHERE state = 'scheduled' AND claimed_at IS NULL`;

/** When the next scheduled task is due. */
export function nextRunAt(sql: Sql): number | null {
  return sql.exec<{ at: number | null }>(NEXT_RUN)[0]?.at ?? null;
}

const COUNT_READY = `
  SELECT count(*) AS ready FROM (
    SELECT 1 FROM json_each(?1) AS wanted CROSS JOIN tasks ON tasks.type = wanted.value
    WHERE tasks.state = 'ready' LIMIT ?2)`;

const SELECT_FIRST_BELOW = `
  SELECT id, type, priority, run_at FROM tasks WHERE state = 'ready' AND type = ?1 AND priority < ?2
  ORDER BY priority DESC, run_at, id LIMIT 1`;

interface Ready extends Record<string, SqlValue> {
  id: string;
  type: string;
  priority: number;
  run_at: number;
}

/** The task that has been ready for the longest time, of the first 500 types: one look-up a type and priority. */
export function oldestReady(sql: Sql): Ready | null {
  let oldest: Ready | null = null;
  for (const type of readyTypes(sql).slice(0, MAX_WANTED_TYPES)) {
    let below = Number.MAX_SAFE_INTEGER;
    for (;;) {
      const first = sql.exec<Ready>(SELECT_FIRST_BELOW, type, below)[0];
      if (!first) break;
      if (oldest === null || first.run_at < oldest.run_at) oldest = first;
      below = first.priority;
    }
  }
  return oldest;
}

/** How many tasks of these types are ready, counted up to a limit. */
export function countReady(sql: Sql, types: readonly string[], limit = MAX_READY_COUNT): number {
  return sql.exec<{ ready: number }>(COUNT_READY, JSON.stringify(types), limit)[0]?.ready ?? 0;
}

/** One index look-up a type, however many tasks there are. */
const READY_TYPES = `
  WITH RECURSIVE types (type) AS (
    SELECT min(type) FROM tasks WHERE state = 'ready'
    UNION ALL
    SELECT (SELECT min(type) FROM tasks WHERE state = 'ready' AND type > types.type)
    FROM types WHERE types.type IS NOT NULL)
  SELECT type FROM types WHERE type IS NOT NULL`;

/** The types that have a ready task. */
export function readyTypes(sql: Sql): string[] {
  return sql.exec<{ type: string }>(READY_TYPES).map((row) => row.type);
}
