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
 * What Cloudflare bills. A key of KV, 64,000 bytes of a queue message, an index row each count for one. Bytes of
 * KV are those of keys, values and metadata; their days follow from when each key expires. Bytes of the ledger
 * are those by which its database has grown.
 */
export const Operations = z.record(z.enum(NAMES), z.number());
export type Operations = z.infer<typeof Operations>;
export type OperationName = (typeof NAMES)[number];

/** Operations, each from its name. */
export function eachOperation(count: (name: OperationName) => number): Operations {
  return Operations.parse(Object.fromEntries(NAMES.map((name) => [name, count(name)])));
}

/** The sum of what some workers did. */
export function sum(all: readonly Operations[]): Operations {
  return eachOperation((name) => all.reduce((total, one) => total + one[name], 0));
}

/** What was done between two counts. */
export function between(before: Operations, after: Operations): Operations {
  return eachOperation((name) => after[name] - before[name]);
}

export function perTask(operations: Operations, tasks: number): Operations {
  return eachOperation((name) => operations[name] / tasks);
}
