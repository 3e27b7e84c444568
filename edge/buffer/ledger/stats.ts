import type { BufferStatus } from '../../contract/buffer.ts';
import { MAX_SHOWN_TYPES } from '../../contract/limits.ts';
import type { Counts, MinuteStats, Percentiles, QueueStats, TypeStats } from '../../contract/stats.ts';
import { iso } from '../../http/time.ts';
import { Histogram } from './histogram.ts';
import { pausedTypes } from './paused.ts';
import type { Sql, SqlValue } from './sql.ts';
import { minuteOf } from './tally.ts';
import { oldestReady } from './waiting.ts';

const SHOWN_MINUTES = 60;
const FORGET_TYPE_AFTER_MS = 24 * 3_600_000;

interface StoredType extends Record<string, SqlValue> {
  type: string;
  scheduled: number;
  ready: number;
  leased: number;
  completed: number;
  failed: number;
  cancelled: number;
  completed_total: number;
  failed_total: number;
  cancelled_total: number;
  retries: number;
  lease_expiries: number;
}

const SELECT_TYPES = `
  SELECT type, scheduled, ready, leased, completed, failed, cancelled,
    completed_total, failed_total, cancelled_total, retries, lease_expiries, scheduled + ready + leased AS alive
  FROM types
  UNION ALL
  SELECT type, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 FROM paused_types WHERE type NOT IN (SELECT type FROM types)
  ORDER BY alive DESC, type`;

/**
 * How the queue stands, read from what was counted as tasks moved.
 *
 * @param handled the types that runners take.
 */
export function stats(sql: Sql, handled: ReadonlySet<string>, now: number): QueueStats {
  const paused = pausedTypes(sql);
  const types = sql.exec<StoredType>(SELECT_TYPES).map(
    (stored): TypeStats => ({
      type: stored.type,
      counts: countsOf(stored),
      totals: {
        completed: stored.completed_total,
        failed: stored.failed_total,
        cancelled: stored.cancelled_total,
        retries: stored.retries,
        leaseExpiries: stored.lease_expiries,
      },
      paused: paused.has(stored.type),
      handled: handled.has(stored.type),
    }),
  );
  const oldest = oldestReady(sql);
  return {
    timestamp: iso(now),
    counts: sumOf(types.map((type) => type.counts)),
    ...(oldest && { oldestWaiting: { taskId: oldest.id, type: oldest.type, since: iso(oldest.run_at) } }),
    types: types.slice(0, MAX_SHOWN_TYPES),
    minutes: minutes(sql, now),
  };
}

function countsOf({ scheduled, ready, leased, completed, failed, cancelled }: StoredType): Counts {
  return { scheduled, ready, processing: leased, completed, failed, cancelled };
}

function sumOf(all: readonly Counts[]): Counts {
  const sum = (status: BufferStatus) => all.reduce((total, counts) => total + counts[status], 0);
  return {
    scheduled: sum('scheduled'),
    ready: sum('ready'),
    processing: sum('processing'),
    completed: sum('completed'),
    failed: sum('failed'),
    cancelled: sum('cancelled'),
  };
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
const FORGET_TYPES = `
  DELETE FROM types
  WHERE moved_at <= ?1 AND scheduled + ready + leased + completed + failed + cancelled = 0`;

/** Forgets minutes that nobody is shown any more, and types of which there has been no task for a day. */
export function forgetStats(sql: Sql, now: number): void {
  sql.exec(FORGET_MINUTES, minuteOf(now) - SHOWN_MINUTES);
  sql.exec(FORGET_TYPES, now - FORGET_TYPE_AFTER_MS);
}
