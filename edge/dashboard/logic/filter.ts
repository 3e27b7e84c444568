import type { TaskStatus } from '../../contract/task.ts';

/** Selects the tasks of a list. Times are ISO 8601 UTC. An absent field matches every task. */
export interface TaskFilter {
  readonly status?: TaskStatus;
  readonly type?: string;
  readonly tag?: string;
  /** The name of the schedule that inserted the task. */
  readonly schedule?: string;
  /** The first characters of the id. */
  readonly id?: string;
  readonly createdAfter?: string;
  readonly createdBefore?: string;
}

export const STATUSES = [
  'pending',
  'processing',
  'completed',
  'failed',
  'cancelled',
] as const satisfies readonly TaskStatus[];

const TEXTS = ['type', 'tag', 'schedule', 'id', 'createdAfter', 'createdBefore'] as const;

/** Reads a filter from a query. It ignores unknown fields. */
export function readFilter(query: URLSearchParams): TaskFilter {
  const status = STATUSES.find((one) => one === query.get('status'));
  const texts = TEXTS.flatMap((field) => {
    const value = query.get(field)?.trim();
    return value ? [[field, value]] : [];
  });
  return { ...(status && { status }), ...Object.fromEntries(texts) };
}

/** Writes a filter as a query, always in the same order. */
export function filterQuery(filter: TaskFilter): URLSearchParams {
  const query = new URLSearchParams();
  for (const field of ['status', ...TEXTS] as const) {
    const value = filter[field];
    if (value) query.set(field, value);
  }
  return query;
}

/** The filter with one field changed, or removed if the value is empty. */
export function withField(
  filter: TaskFilter,
  field: keyof TaskFilter,
  value: string | undefined,
): TaskFilter {
  const query = filterQuery(filter);
  if (value) query.set(field, value);
  else query.delete(field);
  return readFilter(query);
}

export function isEmptyFilter(filter: TaskFilter): boolean {
  return filterQuery(filter).size === 0;
}

/**
 * Describes what a filter selects, such as `failed tasks of the type email tagged “eu”`.
 *
 * @param writeTime how to write a time for the reader.
 */
export function describeFilter(filter: TaskFilter, writeTime: (iso: string) => string): string {
  const { status, type, tag, schedule, id, createdAfter, createdBefore } = filter;
  const words = [
    status && `${status} tasks`,
    !status && 'tasks',
    type && `of the type ${type}`,
    tag && `tagged “${tag}”`,
    schedule && `of the schedule ${schedule}`,
    id && `whose id begins with ${id}`,
    createdAfter && `created after ${writeTime(createdAfter)}`,
    createdBefore && `${createdAfter ? 'and' : 'created'} before ${writeTime(createdBefore)}`,
  ];
  return words.filter(Boolean).join(' ');
}
