import { filterQuery, readFilter, type TaskFilter } from './filter.ts';

/** The view that the page shows. The hash of the address contains it. */
export type Route =
  | { readonly view: 'overview' | 'types' | 'runners' }
  /** `cursor` is the name of the last schedule before the page. */
  | { readonly view: 'schedules'; readonly cursor?: string }
  /** `cursor` is the id of the last task before the page. */
  | { readonly view: 'tasks'; readonly filter: TaskFilter; readonly cursor?: string }
  | { readonly view: 'task'; readonly id: string }
  | { readonly view: 'unknown' };

/** Reads the hash of an address, with or without its `#`. */
export function parseRoute(hash: string): Route {
  // The path is not resolved against an address, which would read `//name` as a host.
  const [, path = '', query = ''] = /^#?\/?([^?]*)(.*)$/s.exec(hash) ?? [];
  if (path.startsWith('/')) return { view: 'unknown' };
  const [view, id, ...rest] = path.split('/').filter(Boolean);
  const searchParams = new URLSearchParams(query);
  if (view === undefined) return { view: 'overview' };
  if (view === 'tasks' && id !== undefined && rest.length === 0) return { view: 'task', id: decode(id) };
  if (id !== undefined) return { view: 'unknown' };
  switch (view) {
    case 'types':
    case 'runners':
      return { view };
    case 'schedules': {
      const cursor = searchParams.get('cursor');
      return { view, ...(cursor && { cursor }) };
    }
    case 'tasks': {
      const cursor = searchParams.get('cursor');
      return { view, filter: readFilter(searchParams), ...(cursor && { cursor }) };
    }
    default:
      return { view: 'unknown' };
  }
}

/** The address of a list of tasks. */
export function tasksHref(filter: TaskFilter = {}, cursor?: string): string {
  const query = filterQuery(filter);
  if (cursor) query.set('cursor', cursor);
  return query.size === 0 ? '#/tasks' : `#/tasks?${query}`;
}

/** The address of a page of schedules. */
export function schedulesHref(cursor?: string): string {
  return cursor === undefined ? '#/schedules' : `#/schedules?cursor=${encodeURIComponent(cursor)}`;
}

/** The address of a task. */
export function taskHref(id: string): string {
  return `#/tasks/${encodeURIComponent(id)}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
