import type { Busy, WorkRow } from '../contract/ledger/tasks.ts';
import { indexOf, submissionOf } from '../contract/task-id.ts';
import {
  type RecordQuery,
  type RecordRead,
  type RecordStorage,
  readTasks,
  UnreadableRecord,
} from './records.ts';

/**
 * Why a payload is not available: KV does not have the record or does not show it yet (`missing`), the record is
 * not a valid submission, KV cannot be read now, or the call has used up its budget (`postponed`).
 */
export type PayloadProblem = 'missing' | 'unreadable' | 'unavailable' | 'postponed';

export interface Unfilled<Task> {
  task: Task;
  problem: PayloadProblem;
  error?: unknown;
}

/** How records are read. `gate` is as in a `RecordQuery`. */
export interface PayloadReads extends Pick<RecordQuery, 'gate'> {
  /** How much one call may read. No limit by default. */
  budget?: ReadBudget;
}

/** How much a call may still read. */
export interface ReadBudget {
  /** How long the call may wait for a record, in milliseconds. If it is 0, the call reads no more records. */
  remainingMs(): number;
  /** Subtracts the bytes that were fetched of a record. */
  spend(bytes: number): void;
}

/**
 * Fills in the payloads that are stored in their submissions' records, one record after the other. If a record
 * cannot be read, only its own tasks are affected.
 *
 * @returns the tasks with payloads in their order, and separately the tasks without.
 */
export async function withPayloads<Task extends WorkRow>(
  storage: RecordStorage,
  tasks: readonly Task[],
  reads: PayloadReads = {},
): Promise<{ filled: Task[]; unfilled: Unfilled<Task>[] }> {
  const payloads = new Map<string, string>();
  const unfilled: Unfilled<Task>[] = [];
  const large = tasks.filter((task) => task.payload === null);
  for (const [submission, ofSubmission] of Map.groupBy(large, (task) => submissionOf(task.id))) {
    const indexes = ofSubmission.map(({ id }) => indexOf(id)).sort((a, b) => a - b);
    const { found, ...reason } = await tryRead(storage, submission, indexes, reads);
    for (const { id, payload } of found) if (payload !== null) payloads.set(id, payload);
    for (const task of ofSubmission) if (!payloads.has(task.id)) unfilled.push({ task, ...reason });
  }
  const filled = tasks.flatMap((task) => {
    const payload = task.payload ?? payloads.get(task.id);
    return payload === undefined ? [] : [{ ...task, payload }];
  });
  return { filled, unfilled };
}

interface Attempted extends Omit<Unfilled<unknown>, 'task'> {
  found: RecordRead['tasks'];
}

/** The tasks that were found. `problem` applies to the tasks that were not. */
async function tryRead(
  storage: RecordStorage,
  submission: string,
  indexes: readonly number[],
  { gate, budget }: PayloadReads,
): Promise<Attempted> {
  const maxWaitMs = budget?.remainingMs();
  if (maxWaitMs === 0) return { found: [], problem: 'postponed' };
  const query: RecordQuery = {
    indexes,
    payloads: 'all',
    ...(gate && { gate }),
    ...(maxWaitMs !== undefined && { maxWaitMs }),
  };
  try {
    const read: RecordRead | Busy = await readTasks(storage, submission, query);
    if ('busy' in read) return { found: [], problem: 'postponed' };
    budget?.spend(read.bytes);
    return { found: read.tasks, problem: 'missing' };
  } catch (error) {
    const problem = error instanceof UnreadableRecord ? 'unreadable' : 'unavailable';
    return { found: [], problem, error };
  }
}
