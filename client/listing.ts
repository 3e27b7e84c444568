import { TaskList } from '../edge/contract/api.ts';
import { DEFAULT_LIST_LIMIT, MAX_LIST_LIMIT } from '../edge/contract/limits.ts';
import { type ListFilter, type PageFilter, queryOf } from './filters.ts';
import type { Http } from './http/http.ts';
import type { CallOptions, ListOptions } from './options.ts';

/** The default limit on the calls for one page. Each call looks at about 10,000 tasks. */
const MAX_CALLS = 100;

/**
 * A page of tasks. A call looks at a bounded number of tasks, and few or none of them may match the filter. So it
 * makes calls until the page is full, the list has ended, or it has made `maxCalls` calls.
 */
export async function listPage(
  http: Http,
  filter: PageFilter,
  { signal, maxCalls = MAX_CALLS }: ListOptions,
): Promise<TaskList> {
  const { limit = DEFAULT_LIST_LIMIT } = filter;
  const tasks: TaskList['tasks'] = [];
  let { cursor } = filter;
  for (let calls = 1; ; calls += 1) {
    const query = queryOf({ ...filter, cursor, limit: limit - tasks.length });
    const page: TaskList = await http.call('/tasks', TaskList, { query, signal });
    tasks.push(...page.tasks);
    cursor = page.nextCursor;
    if (cursor === undefined) return { tasks, count: tasks.length };
    if (tasks.length >= limit || calls >= maxCalls) {
      return { tasks, count: tasks.length, nextCursor: cursor };
    }
  }
}

/** Yields all tasks that match a filter, as each call finds them. */
export async function* listAll(
  http: Http,
  filter: ListFilter,
  { signal }: CallOptions,
): AsyncGenerator<TaskList['tasks'][number], void, undefined> {
  let cursor: string | undefined;
  do {
    const page = await listPage(http, { ...filter, limit: MAX_LIST_LIMIT, cursor }, { signal, maxCalls: 1 });
    yield* page.tasks;
    cursor = page.nextCursor;
  } while (cursor !== undefined);
}
