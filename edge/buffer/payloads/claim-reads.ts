import type { WorkRow } from '../../contract/ledger/tasks.ts';
import type { ReadBudget } from '../../platform/payloads.ts';
import { LARGE_RECORD_BYTES } from '../../platform/records.ts';

/** The read limits of a claim. It finishes the record that exceeds them. Small reads do not count. */
const MAX_RECORDS = 4;
const MAX_BYTES = 40 * 1024 * 1024;
/** After this time a claim reads no more records. */
const MAX_MS = 3000;

/** How much one claim may still read. A claim always reads its first record, so every claim makes progress. */
export class ClaimReads implements ReadBudget {
  readonly #now: () => number;
  readonly #until: number;
  #records = 0;
  #bytes = 0;

  constructor(now = Date.now) {
    this.#now = now;
    this.#until = now() + MAX_MS;
  }

  remainingMs(): number {
    if (this.#records >= MAX_RECORDS || this.#bytes >= MAX_BYTES) return 0;
    return Math.max(0, this.#until - this.#now());
  }

  spend(bytes: number): void {
    if (bytes <= LARGE_RECORD_BYTES) return;
    this.#records += 1;
    this.#bytes += bytes;
  }
}

/** The types of a want of a claim. */
export interface TypesWanted {
  types: readonly string[];
}

/**
 * Tasks in the order in which their payloads are read: one task of each want in turn, so that one want does not
 * use up the limits of the claim. The want whose first task has the highest priority, or else is the oldest,
 * comes first.
 *
 * @param tasks the tasks of each want, in the order of claims.
 */
export function inReadingOrder<Task extends Pick<WorkRow, 'id' | 'type' | 'priority'>>(
  tasks: readonly Task[],
  wants: readonly TypesWanted[],
): Task[] {
  const byWant = Map.groupBy(tasks, ({ type }) => wants.findIndex(({ types }) => types.includes(type)));
  const queues = [...byWant.values()].sort(([a], [b]) => (a && b ? compare(a, b) : 0));
  const rounds = Math.max(0, ...queues.map(({ length }) => length));
  return Array.from({ length: rounds }, (_, round) => queues.flatMap((queue) => queue[round] ?? [])).flat();
}

function compare(a: Pick<WorkRow, 'id' | 'priority'>, b: Pick<WorkRow, 'id' | 'priority'>): number {
  return b.priority - a.priority || (a.id < b.id ? -1 : 1);
}
