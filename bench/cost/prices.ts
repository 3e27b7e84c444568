import { eachOperation, type OperationName, type Operations } from './operations.ts';

const DAYS_PER_MONTH = 30;
/** The price in dollars of a million byte-days, from the price of a GB-month. */
const byteDays = (dollarsPerGbMonth: number) => (dollarsPerGbMonth * 1e6) / (1e9 * DAYS_PER_MONTH);
/** How long the ledger keeps a task. */
const LEDGER_DAYS = 1;

/**
 * Cloudflare's list prices of the paid plan, in dollars per million operations, without any included allowance.
 *
 * @see https://developers.cloudflare.com/kv/platform/pricing/
 * @see https://developers.cloudflare.com/workers/platform/pricing/
 * @see https://developers.cloudflare.com/durable-objects/platform/pricing/
 */
const DOLLARS_PER_MILLION: Record<OperationName, number> = {
  kvReads: 0.5,
  kvWrites: 5,
  kvLists: 5,
  kvDeletes: 5,
  queueOperations: 0.4,
  objectRequests: 0.15,
  rowsRead: 0.001,
  rowsWritten: 1,
  workerRequests: 0.3,
  // Billed by byte-days.
  kvBytes: 0,
  kvByteDays: byteDays(0.5),
  ledgerBytes: LEDGER_DAYS * byteDays(0.2),
};
const DOLLARS_PER_MILLION_CPU_MS = 0.02;
const DOLLARS_PER_MILLION_GB_SECONDS = 12.5;

/** A message is written, read and deleted. */
const OPERATIONS_PER_MESSAGE = 3;

/** Assumptions: the CPU time of a request to a worker, and the CPU time that each of its tasks adds. */
const CPU_MS_PER_REQUEST = 1;
const CPU_MS_PER_TASK = 1;

/** A Durable Object is billed for this much memory, regardless of how much it uses. */
const OBJECT_GB = 0.128;

export interface Load {
  readonly tasksPerSecond: number;
  /** Durable Objects that are active all the time. */
  readonly objects: number;
}

/** The cost of a million tasks, in dollars. */
export interface Bill {
  readonly kvOperations: number;
  readonly kvStorage: number;
  readonly queue: number;
  readonly objectRequests: number;
  readonly objectRows: number;
  readonly objectDuration: number;
  readonly ledgerStorage: number;
  readonly workers: number;
}

/** The cost of a million tasks in dollars, by billed item, from the operations of one task. */
export function bill(task: Operations, { tasksPerSecond, objects }: Load): Bill {
  const dollars = eachOperation((name) => task[name] * DOLLARS_PER_MILLION[name]);
  const cpuMs = task.workerRequests * CPU_MS_PER_REQUEST + CPU_MS_PER_TASK;
  const gbSeconds = (objects * OBJECT_GB) / tasksPerSecond;
  return {
    kvOperations: dollars.kvReads + dollars.kvWrites + dollars.kvLists + dollars.kvDeletes,
    kvStorage: dollars.kvByteDays,
    queue: dollars.queueOperations,
    objectRequests: dollars.objectRequests,
    objectRows: dollars.rowsRead + dollars.rowsWritten,
    objectDuration: gbSeconds * DOLLARS_PER_MILLION_GB_SECONDS,
    ledgerStorage: dollars.ledgerBytes,
    workers: dollars.workerRequests + cpuMs * DOLLARS_PER_MILLION_CPU_MS,
  };
}

/** The sum of a bill. */
export function total(parts: Bill): number {
  return Object.values(parts).reduce((sum, dollars) => sum + dollars, 0);
}

/**
 * An upper bound for the operations of a task: each queue message is delivered alone. The number of messages per
 * delivery depends on the pace of the queue, which differs between machines. Each delivery is one request to the
 * worker and one to the ledger.
 */
export function deliveredAlone(task: Operations): Operations {
  const messages = task.queueOperations / OPERATIONS_PER_MESSAGE;
  return {
    ...task,
    workerRequests: task.workerRequests + messages,
    objectRequests: task.objectRequests + messages,
  };
}
