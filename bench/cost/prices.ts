import { eachOperation, type OperationName, type Operations } from './operations.ts';

/**
 * Cloudflare's list prices of the paid plan, in dollars for a million operations; no allowance is counted.
 * What is stored is not priced.
 *
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
};
const DOLLARS_PER_MILLION_CPU_MS = 0.02;
const DOLLARS_PER_MILLION_GB_SECONDS = 12.5;

/** A message is written, read and deleted. */
const OPERATIONS_PER_MESSAGE = 3;

/** Assumed: what a request to a worker takes, and what each task that it carries adds. */
const CPU_MS_PER_REQUEST = 1;
const CPU_MS_PER_TASK = 1;

/** A Durable Object is billed for this much memory, whatever it uses. */
const OBJECT_GB = 0.128;

export interface Load {
  readonly tasksPerSecond: number;
  /** Durable Objects that are active all the time. */
  readonly objects: number;
}

/** What a million tasks cost, in dollars, for what one task uses. */
export function dollarsPerMillion(task: Operations, { tasksPerSecond, objects }: Load): number {
  const counted = eachOperation((name) => task[name] * DOLLARS_PER_MILLION[name]);
  const cpuMs = task.workerRequests * CPU_MS_PER_REQUEST + CPU_MS_PER_TASK;
  const gbSeconds = (objects * OBJECT_GB) / tasksPerSecond;
  return (
    Object.values(counted).reduce((total, dollars) => total + dollars, 0) +
    cpuMs * DOLLARS_PER_MILLION_CPU_MS +
    gbSeconds * DOLLARS_PER_MILLION_GB_SECONDS
  );
}

/**
 * A bound for what a task uses: each queue message comes alone. How many come together depends on the queue's
 * pace, which differs from machine to machine; each delivery is a request to the worker and one to the ledger.
 */
export function deliveredAlone(task: Operations): Operations {
  const messages = task.queueOperations / OPERATIONS_PER_MESSAGE;
  return {
    ...task,
    workerRequests: task.workerRequests + messages,
    objectRequests: task.objectRequests + messages,
  };
}
