import type { z } from 'zod';
import type { TaskFilter } from '../contract/api.ts';
import type { ListFilter } from '../contract/ledger/tasks.ts';
import { firstIdAt } from '../contract/task-id.ts';

/** Sorts after all characters of ids: `prefix + END` sorts after all ids with this prefix. */
const END = '~';

/** Converts the filters of a query for the ledger: creation times and an id prefix become a range of ids. */
export function ledgerFilter({
  id = '',
  createdAfter,
  createdBefore,
  ...filter
}: z.output<typeof TaskFilter>): Omit<ListFilter, 'limit'> {
  const from = createdAfter === undefined ? '' : firstIdAt(Date.parse(createdAfter));
  const before = createdBefore === undefined ? END : firstIdAt(Date.parse(createdBefore));
  return {
    ...filter,
    from: from > id ? from : id,
    before: before < id + END ? before : id + END,
  };
}
