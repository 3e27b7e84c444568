import type { Argv } from 'yargs';
import type { TaskFilter } from '../client.ts';
import { timeOf } from './flags.ts';

/** Adds the flags that filter tasks. */
export function withFilters<Flags>(parser: Argv<Flags>) {
  return parser
    .option('type', { type: 'string', requiresArg: true, describe: 'Only tasks of this type' })
    .option('tag', { type: 'string', requiresArg: true, describe: 'Only tasks with this tag' })
    .option('id', { type: 'string', requiresArg: true, describe: 'Only tasks whose id begins with this' })
    .option('created-after', {
      string: true,
      requiresArg: true,
      coerce: timeOf('created-after', 'ago'),
      describe:
        'Only tasks created after a time, such as 2026-01-31T12:00:00Z, or within the last 30m, 2h, 7d, …',
    })
    .option('created-before', {
      string: true,
      requiresArg: true,
      coerce: timeOf('created-before', 'ago'),
      describe: 'Only tasks created before a time, or more than 30m, 2h, 7d, … ago',
    });
}

/** The filter that the flags describe. */
export function filterOf({ type, tag, id, createdAfter, createdBefore }: TaskFilter): TaskFilter {
  return { type, tag, id, createdAfter, createdBefore };
}

/** Whether the filter has any field. */
export function isNarrowed(filter: TaskFilter): boolean {
  return Object.values(filter).some((value) => value !== undefined);
}
