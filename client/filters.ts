import type { TaskStatus } from '../edge/contract/task.ts';

/** A `Date`, or ISO 8601 UTC. */
export type Time = Date | string;

/** The tasks that a call is about: those that match all given fields. */
export interface TaskFilter {
  readonly type?: string | undefined;
  /** One of its tags. */
  readonly tag?: string | undefined;
  /** The first characters of its id. */
  readonly id?: string | undefined;
  /** Tasks that were created at this time or later. */
  readonly createdAfter?: Time | undefined;
  /** Tasks that were created before this time. */
  readonly createdBefore?: Time | undefined;
}

/** The tasks that a call lists. */
export interface ListFilter extends TaskFilter {
  readonly status?: TaskStatus | undefined;
}

/** The tasks of a page. */
export interface PageFilter extends ListFilter {
  /** Number of tasks of a page, 1 to 1,000; 100 by default. */
  readonly limit?: number | undefined;
  /** The `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
}

/** The tasks that a call cancels. */
export interface CancelFilter extends TaskFilter {
  /** `pending` by default. */
  readonly status?: 'pending' | 'processing' | undefined;
}

/** The tasks that a call retries. */
export interface RetryFilter extends TaskFilter {
  /** `failed` by default. */
  readonly status?: 'failed' | 'cancelled' | undefined;
  /** Tasks that ended at this time or later. */
  readonly since?: Time | undefined;
}

/** A filter as the query of a call. */
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
