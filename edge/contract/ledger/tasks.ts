import type { Backoff, TaskError, TaskState } from '../task.ts';
import type { TaskSchedule } from './schedules.ts';

/** A task to insert. Times are Unix milliseconds. */
export interface NewTask {
  id: string;
  type: string;
  /** JSON text; null if the payload is in the submission's record. Then `bodyBytes` is its size. */
  payload: string | null;
  bodyBytes?: number | undefined;
  priority: number;
  runAt?: number | undefined;
  maxAttempts?: number | undefined;
  backoff?: Backoff | undefined;
  timeoutSeconds?: number | undefined;
  tags?: string[] | undefined;
  /** Set if a schedule inserts the task. */
  schedule?: TaskSchedule | undefined;
}

/** A task that was accepted but cannot be run. */
export interface RefusedTask {
  id: string;
  type: string;
  payload: string;
  /** The message of the task's error. */
  reason: string;
}

/** An attempt that has ended. Times are Unix milliseconds. */
export interface EndedAttempt {
  attempt: number;
  runner: string;
  startedAt: number;
  endedAt: number;
  error?: TaskError | undefined;
}

/** The data of a task that a consumer needs. Times are Unix milliseconds. */
export interface WorkRow {
  id: string;
  type: string;
  state: TaskState;
  /** JSON text; null if it is in the submission's record. */
  payload: string | null;
  receivedAt: number;
  claimedAt: number | null;
  attempt: number;
  maxAttempts: number;
  timeoutSeconds: number | null;
  priority: number;
  /** Absent if no schedule inserted the task. */
  schedule?: TaskSchedule | undefined;
}

/** Everything that is known about a task. */
export interface TaskRow extends WorkRow {
  runAt: number;
  tags: string[] | null;
  completedAt: number | null;
  error: TaskError | null;
  /** JSON text. */
  result: string | null;
  /** JSON text. */
  progress: string | null;
  attempts: EndedAttempt[];
}

/** A task; or `sealed` if its window is sealed, with the number of archive rounds; or `unknown`. */
export type FoundTask = { task: TaskRow } | { sealed: true; rounds: number } | { unknown: true };

/** `refused` is the state that does not allow the change. */
type Unchangeable = { refused: TaskState } | { sealed: true } | { unknown: true };
/** `changed` is false if the task was cancelled before. */
export type CancelOutcome = { changed: boolean } | Unchangeable;
/** Whether a retry was accepted. */
export type RetryOutcome = { retried: true } | Unchangeable;

/** The tasks that a call lists. */
export interface ListFilter {
  /** All by default. */
  states?: TaskState[] | undefined;
  type?: string | undefined;
  tag?: string | undefined;
  /** The name of the schedule that inserted the task. */
  schedule?: string | undefined;
  /** The first id of the range that is listed. */
  from?: string | undefined;
  /** The id that follows the last of the range. */
  before?: string | undefined;
  limit: number;
  /** The `nextCursor` of the page before. */
  cursor?: string | undefined;
}

/** The tasks that a call retries. */
export interface RetryFilter extends Omit<ListFilter, 'states'> {
  state: 'failed' | 'cancelled';
  /** Tasks that ended at this time or later, in Unix milliseconds. */
  since: number;
}

/** A task in a list. */
export interface TaskSummary {
  id: string;
  type: string;
  state: TaskState;
  attempt: number;
  completedAt: number | null;
  tags: string[] | null;
}

/** A page of a list, newest task first. */
export interface TaskPage {
  tasks: TaskSummary[];
  nextCursor: string | null;
}

/** The ids of the tasks that a call changed, and where the next call continues. */
export interface ChangedPage {
  changed: string[];
  nextCursor: string | null;
}

/** A submission and its number of tasks. */
export interface SubmissionCount {
  submission: string;
  tasks: number;
}

/**
 * The submission that an idempotency key belongs to; `conflict` if the key was used with another body; `full` if
 * the ledger has no capacity for a submission that is not accepted yet.
 */
export type Reservation =
  | { submission: string; accepted: boolean; repeated: boolean }
  | { conflict: true }
  | { full: true };

/** `full`: the ledger inserts no tasks. `typesFull`: it has MAX_LIVE_TYPES live types. */
export interface Capacity {
  full: boolean;
  typesFull: boolean;
}

/** Too many calls of this kind are waiting, so this call was rejected. Repeat it after some seconds. */
export interface Busy {
  busy: true;
}

/** The ledger has no capacity for more tasks, so it changed nothing. */
export interface Full {
  full: true;
}
