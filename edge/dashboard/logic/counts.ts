import type { Counts } from '../../contract/stats.ts';
import type { TaskStatus } from '../../contract/task.ts';

const NUMBER = new Intl.NumberFormat('en-GB');
const COMPACT = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

/** `12,345`. */
export function formatCount(count: number): string {
  return NUMBER.format(count);
}

/** For narrow places: `12,345`, from a hundred thousand on `1.2M`. */
export function formatShortCount(count: number): string {
  return count < 100_000 ? NUMBER.format(count) : COMPACT.format(count);
}

/** `1 task`, `12,345 tasks`. */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** Tasks that wait: for a runner, or for their time. */
export function waiting({ ready, scheduled }: Counts): number {
  return ready + scheduled;
}

/** How many tasks have a status over REST. */
export function countByStatus(counts: Counts, status: TaskStatus): number {
  return status === 'pending' ? waiting(counts) : counts[status];
}
