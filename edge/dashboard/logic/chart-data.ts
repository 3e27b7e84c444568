import type { MinuteStats } from '../../contract/stats.ts';
import { countOf, formatCount } from './counts.ts';
import { formatDuration } from './durations.ts';

const MINUTE_MS = 60_000;
const MINUTES = 60;

/** One minute of the last hour. Latencies are in milliseconds, or null if no attempt ended. */
export interface Minute {
  /** The start of the minute, in Unix milliseconds. */
  readonly at: number;
  readonly completed: number;
  readonly failed: number;
  readonly wait: Percentile;
  readonly run: Percentile;
}

export type Percentile = { readonly p50: number; readonly p95: number } | null;

/** The last sixty minutes, oldest first, including the current one. The statistics omit minutes without an end. */
export function lastHour(minutes: readonly MinuteStats[], now: number): Minute[] {
  const byMinute = new Map(minutes.map((stats) => [Date.parse(stats.minute), stats]));
  const present = Math.floor(now / MINUTE_MS) * MINUTE_MS;
  return Array.from({ length: MINUTES }, (_, index) => {
    const at = present - (MINUTES - 1 - index) * MINUTE_MS;
    const stats = byMinute.get(at);
    return {
      at,
      completed: stats?.completed ?? 0,
      failed: stats?.failed ?? 0,
      wait: stats?.waitMs ?? null,
      run: stats?.runMs ?? null,
    };
  });
}

/** Round durations, in milliseconds, for the lines of a logarithmic time axis. */
const ROUND = [1, 10, 100, 1000, 10_000, 60_000, 600_000, 3_600_000, 36_000_000, 864_000_000];

/** The round durations that enclose all values, at least two. */
export function roundDurations(values: readonly number[]): number[] {
  const positive = values.filter((value) => value > 0);
  const [least, most] = positive.length === 0 ? [10, 1000] : [Math.min(...positive), Math.max(...positive)];
  const first = Math.max(
    0,
    ROUND.findLastIndex((mark) => mark <= least),
  );
  const above = ROUND.findIndex((mark) => mark >= most);
  const last = Math.max(first + 1, above === -1 ? ROUND.length - 1 : above);
  return ROUND.slice(first, last + 1);
}

/** The smallest duration that a logarithmic axis can show. */
export const LEAST_DURATION_MS = 1;

/**
 * The hour's throughput in a sentence.
 *
 * @param writeMinute how to write the time of a minute.
 */
export function describeThroughput(minutes: readonly Minute[], writeMinute: (at: number) => string): string {
  const completed = sum(minutes, (minute) => minute.completed);
  const failed = sum(minutes, (minute) => minute.failed);
  if (completed + failed === 0) return 'No task has ended in the last hour.';
  const busiest = minutes.reduce((best, minute) => (ended(minute) > ended(best) ? minute : best));
  return `In the last hour ${countOf(completed, 'task')} completed and ${formatCount(failed)} failed. The busiest minute was ${writeMinute(busiest.at)}, with ${countOf(ended(busiest), 'task')}.`;
}

/** The latest latency of the hour in a sentence. */
export function describeLatency(
  what: string,
  values: readonly Percentile[],
  minutes: readonly Minute[],
  writeMinute: (at: number) => string,
): string {
  const index = values.findLastIndex((value) => value !== null);
  const [newest, minute] = [values[index], minutes[index]];
  if (!newest || !minute) return `No attempt has ended in the last hour.`;
  return `${what} at ${writeMinute(minute.at)}: half within ${formatDuration(newest.p50)}, 95 of 100 within ${formatDuration(newest.p95)}.`;
}

function ended({ completed, failed }: Minute): number {
  return completed + failed;
}

function sum(minutes: readonly Minute[], of: (minute: Minute) => number): number {
  return minutes.reduce((total, minute) => total + of(minute), 0);
}
