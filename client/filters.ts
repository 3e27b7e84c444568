import type { TaskStatus } from '../edge/contract/task.ts';

/** A `Date`, or ISO 8601 UTC. */
export type Time = Date | string;

/** Which tasks a call is about: those for which all that is given holds. */
export interface TaskFilter {
  readonly type?: string | undefined;
  /** One of its tags. */
  readonly tag?: string | undefined;
  /** How its id begins. */
  readonly id?: string | undefined;
  readonly createdAfter?: Time | undefined;
  readonly createdBefore?: Time | undefined;
}

export interface ListFilter extends TaskFilter {
  readonly status?: TaskStatus | undefined;
}

export interface PageFilter extends ListFilter {
  /** Tasks of a page, 1 to 1,000; 100 by default. */
  readonly limit?: number | undefined;
  /** The `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
}

export interface CancelFilter extends TaskFilter {
  /** `pending` by default. */
  readonly status?: 'pending' | 'processing' | undefined;
}

export interface RetryFilter extends TaskFilter {
  /** `failed` by default. */
  readonly status?: 'failed' | 'cancelled' | undefined;
  /** Ended no sooner. */
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
