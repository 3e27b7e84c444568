import { MAX_SHOWN_TYPES } from '../../../contract/limits.ts';
import type { Counts, MinuteStats, Percentiles, QueueStats, TypeStats } from '../../../contract/stats.ts';
import { iso } from '../../../contract/time.ts';
import { minuteOf } from '../store/counters.ts';
import { Histogram } from '../store/histogram.ts';
import type { Sql, SqlValue } from '../store/sql.ts';
import { oldestReady } from '../tasks/ready-queue.ts';

const SHOWN_MINUTES = 60;

interface StoredCounts extends Record<string, SqlValue> {
  scheduled: number;
  ready: number;
  leased: number;
  completed: number;
  failed: number;
  cancelled: number;
}

const NO_TASKS = { scheduled: 0, ready: 0, leased: 0, completed: 0, failed: 0, cancelled: 0 };

interface StoredType extends StoredCounts {
  type: string;
  completed_total: number;
  failed_total: number;
  cancelled_total: number;
  retries: number;
  lease_expiries: number;
  paused: number;
}

const SELECT_SHOWN = `
  SELECT busiest.*, EXISTS (SELECT 1 FROM paused_types WHERE paused_types.type = busiest.type) AS paused
  FROM (
    SELECT type, scheduled, ready, leased, completed, failed, cancelled,
      completed_total, failed_total, cancelled_total, retries, lease_expiries
    FROM types ORDER BY scheduled + ready + leased DESC, type LIMIT ${MAX_SHOWN_TYPES}) AS busiest
  UNION ALL
  SELECT type, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1
  FROM (SELECT type FROM paused_types ORDER BY type LIMIT ${MAX_SHOWN_TYPES}) AS paused
  WHERE NOT EXISTS (SELECT 1 FROM types WHERE types.type = paused.type)`;

const SUM_TYPES = `
  SELECT total(scheduled) AS scheduled, total(ready) AS ready, total(leased) AS leased,
    total(completed) AS completed, total(failed) AS failed, total(cancelled) AS cancelled
  FROM types`;

/**
 * The statistics of the queue, read from the counters. Shows the 200 types with the most tasks that have not
 * ended, and searches for the oldest ready task among these types.
 *
 * @param handled the types that runners take.
 */
export function stats(sql: Sql, handled: ReadonlySet<string>, now: number): QueueStats {
  const shown = sql.exec<StoredType>(SELECT_SHOWN).slice(0, MAX_SHOWN_TYPES);
  const [sums = NO_TASKS] = sql.exec<StoredCounts>(SUM_TYPES);
  const oldest = oldestReady(
    sql,
    shown.flatMap(({ type, ready }) => (ready > 0 ? type : [])),
  );
  return {
    timestamp: iso(now),
    counts: countsOf(sums),
    ...(oldest && { oldestWaiting: { taskId: oldest.id, type: oldest.type, since: iso(oldest.run_at) } }),
    types: shown.map((stored) => typeStats(stored, handled)),
    minutes: minutes(sql, now),
  };
}

function typeStats(stored: StoredType, handled: ReadonlySet<string>): TypeStats {
  return {
    type: stored.type,
    counts: countsOf(stored),
    totals: {
      completed: stored.completed_total,
      failed: stored.failed_total,
      cancelled: stored.cancelled_total,
      retries: stored.retries,
      leaseExpiries: stored.lease_expiries,
    },
    paused: stored.paused === 1,
    handled: handled.has(stored.type),
  };
}

function countsOf({ scheduled, ready, leased, completed, failed, cancelled }: StoredCounts): Counts {
  return { scheduled, ready, processing: leased, completed, failed, cancelled };
}

interface StoredMinute extends Record<string, SqlValue> {
  minute: number;
  completed: number;
  failed: number;
  waits: string;
  runs: string;
}

const SELECT_MINUTES = `
  SELECT minute, completed, failed, waits, runs FROM minutes WHERE minute > ?1 ORDER BY minute`;

function minutes(sql: Sql, now: number): MinuteStats[] {
  return sql
    .exec<StoredMinute>(SELECT_MINUTES, minuteOf(now) - SHOWN_MINUTES)
    .map(({ minute, completed, failed, waits, runs }) => {
      const [waitMs, runMs] = [percentilesOf(waits), percentilesOf(runs)];
      return {
        minute: iso(minute * 60_000),
        completed,
        failed,
        ...(waitMs && { waitMs }),
        ...(runMs && { runMs }),
      };
    });
}

function percentilesOf(json: string): Percentiles | null {
  const histogram = new Histogram(json);
  return histogram.isEmpty ? null : { p50: histogram.quantile(0.5), p95: histogram.quantile(0.95) };
}

const FORGET_MINUTES = 'DELETE FROM minutes WHERE minute <= ?1';

/** Deletes minutes that are no longer shown. */
export function forgetMinutes(sql: Sql, now: number): void {
  sql.exec(FORGET_MINUTES, minuteOf(now) - SHOWN_MINUTES);
}
