import { Changed } from '../edge/contract/api.ts';
import { type CancelFilter, queryOf, type RetryFilter } from './filters.ts';
import type { Http } from './http/http.ts';
import type { ChangeAllOptions, ChangedTasks } from './options.ts';

/** Changes all tasks that match a filter, page by page. */
export async function changeAll(
  http: Http,
  path: string,
  filter: CancelFilter | RetryFilter,
  { signal, onPage }: ChangeAllOptions = {},
): Promise<ChangedTasks> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const query = { ...queryOf(filter), cursor };
    const page: Changed = await http.call(path, Changed, { method: 'POST', query, signal });
    for (const id of page.taskIds) ids.push(id);
    onPage?.(page.taskIds);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return { count: ids.length, taskIds: ids };
}
