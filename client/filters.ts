import type { TaskStatus } from '../edge/contract/task.ts';

/** A `Date`, or ISO 8601 UTC. */
export type Time = Date | string;

/** Selects the tasks that match all given fields. */
export interface TaskFilter {
  readonly type?: string | undefined;
  /** One of its tags. */
  readonly tag?: string | undefined;
  /** The schedule that inserted it. */
  readonly schedule?: string | undefined;
  /** The first characters of its id. */
  readonly id?: string | undefined;
  /** Tasks that were created at this time or later. */
  readonly createdAfter?: Time | undefined;
  /** Tasks that were created before this time. */
  readonly createdBefore?: Time | undefined;
}

/** Selects the tasks to list. */
export interface ListFilter extends TaskFilter {
  readonly status?: TaskStatus | undefined;
}

/** Selects the tasks of a page. */
export interface PageFilter extends ListFilter {
  /** Number of tasks on the page, 1 to 1,000; 100 by default. */
  readonly limit?: number | undefined;
  /** The `nextCursor` of the previous page. */
  readonly cursor?: string | undefined;
}

/** Selects the tasks to cancel. */
export interface CancelFilter extends TaskFilter {
  /** `pending` by default. */
  readonly status?: 'pending' | 'processing' | undefined;
}

/** Selects the tasks to retry. */
export interface RetryFilter extends TaskFilter {
  /** `failed` by default. */
  readonly status?: 'failed' | 'cancelled' | undefined;
  /** Tasks that ended at this time or later. */
  readonly since?: Time | undefined;
}

/** Converts a filter to the query of a call. */
export function queryOf(
  filter: PageFilter | CancelFilter | RetryFilter,
): Record<string, string | number | undefined> {
  return Object.fromEntries(
    Object.entries(filter).map(([name, value]) => [
      name,
      value instanceof Date ? value.toISOString() : value,
    ]),
  );
}
