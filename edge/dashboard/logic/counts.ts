import type { Counts } from '../../contract/stats.ts';
import type { TaskStatus } from '../../contract/task.ts';

const NUMBER = new Intl.NumberFormat('en-GB');
const COMPACT = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

/** A number such as `12,345`. */
export function formatCount(count: number): string {
  return NUMBER.format(count);
}

/** A number for narrow places: `12,345`, or a short form such as `1.2M` from 100,000 on. */
export function formatShortCount(count: number): string {
  return count < 100_000 ? NUMBER.format(count) : COMPACT.format(count);
}

/** A number with its noun, such as `1 task` or `12,345 tasks`. */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** The number of tasks that wait for a runner or for their start time. */
export function waiting({ ready, scheduled }: Counts): number {
  return ready + scheduled;
}

/** The number of tasks with a status of the REST API. */
export function countByStatus(counts: Counts, status: TaskStatus): number {
  return status === 'pending' ? waiting(counts) : counts[status];
}
