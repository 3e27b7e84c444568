import { z } from 'zod';

const NAMES = [
  'kvReads',
  'kvWrites',
  'kvLists',
  'kvDeletes',
  'queueOperations',
  'objectRequests',
  'rowsRead',
  'rowsWritten',
  'workerRequests',
  'kvBytes',
  'kvByteDays',
  'ledgerBytes',
] as const;

/**
 * The operations that Cloudflare bills. A KV key, 64,000 bytes of a queue message and an index row count as one
 * each. KV bytes are those of keys, values and metadata; their days depend on when each key expires. Ledger bytes
 * are the growth of its database.
 */
export const Operations = z.record(z.enum(NAMES), z.number());
export type Operations = z.infer<typeof Operations>;
export type OperationName = (typeof NAMES)[number];

/** Computes the count of each operation from its name. */
export function eachOperation(count: (name: OperationName) => number): Operations {
  return Operations.parse(Object.fromEntries(NAMES.map((name) => [name, count(name)])));
}

/** The sum of the operations of some workers. */
export function sum(all: readonly Operations[]): Operations {
  return eachOperation((name) => all.reduce((total, one) => total + one[name], 0));
}

/** The operations between two counts. */
export function between(before: Operations, after: Operations): Operations {
  return eachOperation((name) => after[name] - before[name]);
}

export function perTask(operations: Operations, tasks: number): Operations {
  return eachOperation((name) => operations[name] / tasks);
}
