import type { z } from 'zod';
import type { TaskFilter } from '../contract/api.ts';
import type { ListFilter } from '../contract/ledger/tasks.ts';
import { firstIdAt } from '../contract/task-id.ts';

/** After every id that begins with what precedes it. */
const END = '~';

/** Which tasks a query is about, in the ledger's terms: times and beginnings of ids are ranges of ids. */
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
