import type { ReportedFailure, TypeRetry } from '../../../../contract/ledger/leases.ts';
import type { TaskSchedule } from '../../../../contract/ledger/schedules.ts';
import type { NewTask, TaskRow, WorkRow } from '../../../../contract/ledger/tasks.ts';
import type { Backoff, TaskError, TaskState } from '../../../../contract/task.ts';

/** A task of the model. The lease `leaseId` holds it as long as `claimedAt` is set. */
export interface Task {
  readonly id: string;
  readonly type: string;
  readonly payload: string | null;
  readonly priority: number;
  readonly receivedAt: number;
  readonly maxAttempts: number | null;
  readonly backoff: Backoff | null;
  readonly timeoutSeconds: number | null;
  readonly tags: string[] | null;
  readonly schedule: TaskSchedule | undefined;
  state: TaskState;
  runAt: number;
  attempt: number;
  typeRetry: TypeRetry | null;
  leaseId: string | null;
  claimedAt: number | null;
  /** Null for a task that was read ahead and has not started. */
  startedAt: number | null;
  /** How many leases in a row have lost the task before it started. */
  lostDeliveries: number;
  completedAt: number | null;
  error: TaskError | null;
  result: string | null;
  attempts: TaskRow['attempts'];
}

export interface Lease {
  readonly id: string;
  readonly runner: string;
  readonly seconds: number;
  expiresAt: number;
  endedAt: number | null;
  readonly taskIds: string[];
  readonly progress: Map<string, string>;
}

/** How an attempt ended. */
export interface Ended {
  success: boolean;
  result?: string | undefined;
  error?: ReportedFailure | undefined;
}

export const NO_REASON: ReportedFailure = { code: 'task_error', message: 'The runner gave no reason' };

/** A task that was just inserted. */
export function fresh({ id, type, payload, priority, ...rest }: NewTask, now: number): Task {
  return {
    ...{ id, type, payload, priority, receivedAt: now },
    maxAttempts: rest.maxAttempts ?? null,
    backoff: rest.backoff ?? null,
    timeoutSeconds: rest.timeoutSeconds ?? null,
    tags: rest.tags ?? null,
    schedule: rest.schedule,
    state: 'ready',
    runAt: now,
    attempt: 0,
    typeRetry: null,
    leaseId: null,
    claimedAt: null,
    startedAt: null,
    lostDeliveries: 0,
    completedAt: null,
    error: null,
    result: null,
    attempts: [],
  };
}

export const isHeld = (task: Task) => task.claimedAt !== null;

export const maxAttemptsOf = (task: Task) => task.maxAttempts ?? task.typeRetry?.maxAttempts ?? 3;

/** The ledger chooses the lease ids of single-task claims, so they are not compared. */
export const holderName = (leaseId: string | null) => leaseId?.replace(/^unfenced:.*/, 'unfenced');

export function workOf(task: Task): WorkRow {
  const { id, type, state, payload, receivedAt, claimedAt, attempt, timeoutSeconds, priority } = task;
  const maxAttempts = maxAttemptsOf(task);
  const { schedule } = task;
  return {
    ...{ id, type, state, payload, receivedAt, claimedAt, attempt, maxAttempts, timeoutSeconds, priority },
    ...(schedule && { schedule }),
  };
}

/** A task as its runner sees it: `attempt` is the attempt that begins when the task starts. */
export function grantedOf(task: Task): WorkRow {
  const work = workOf(task);
  return task.startedAt === null ? { ...work, attempt: work.attempt + 1 } : work;
}

/** A task without its progress. */
export function rowOf(task: Task): TaskRow {
  const { runAt, tags, completedAt, error, result, attempts } = task;
  return { ...workOf(task), ...{ runAt, tags, completedAt, error, result, attempts }, progress: null };
}

/** A task in the form of the archive. Its payload stays in its submission's record, if there is one. */
export function archivedOf(task: Task): TaskRow {
  return { ...rowOf(task), payload: task.maxAttempts === 0 || task.schedule ? task.payload : null };
}
