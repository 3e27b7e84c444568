import type { RunnerAbout } from '../buffer.ts';
import type { Backoff, TaskError, TaskState } from '../task.ts';
import type { WorkRow } from './tasks.ts';

/** A runner's claim. Repeated under the same lease id, it gets the tasks that the lease still holds. */
export interface LedgerClaim {
  leaseId: string;
  runner: string;
  about?: RunnerAbout | undefined;
  leaseSeconds: number;
  wants: ClaimWant[];
}

/** What a runner takes of some types. */
export interface ClaimWant {
  types: string[];
  /** Maximum number of tasks. */
  limit: number;
  /** How many of them start at once; all by default. */
  starts?: number | undefined;
  /** How many tasks of each type may be read ahead; none by default. */
  ahead?: Record<string, number> | undefined;
}

/** The first task of the queue that a want has left. */
export interface QueueHead {
  priority: number;
  /** Unix milliseconds. */
  runAt: number;
}

/** The answer to a claim. */
export interface ClaimGrant {
  /** For each want, in order: the tasks that start at once, then those that are read ahead. */
  tasks: WorkRow[];
  /** When the lease expires, in Unix milliseconds. */
  expiresAt: number;
  /** How many tasks of the wanted types are left, counted up to a limit. */
  ready: number;
  /** For each want, the head of what is left; null if nothing is left. */
  next: (QueueHead | null)[];
}

/** A grant as text: items of a JSON array, several tasks in a text; a task whose payload is in a record is a row. */
export interface SerializedGrant extends Omit<ClaimGrant, 'tasks'> {
  tasks: (string | WorkRow)[];
  /** The pause that the ledger asks for before the next claim, in milliseconds. */
  spaceMs?: number | undefined;
}

/** The answer to a claim of one task. */
export type SingleClaimGrant =
  | { claimed: WorkRow; leaseId: string }
  | { unavailable: TaskState }
  | { paused: true }
  | { unknown: true };

/** One lease of a heartbeat. */
export interface LeaseBeat {
  leaseId: string;
  /** The tasks that the runner still has; the lease's other tasks are taken back. */
  holds: string[];
  /** Tasks that were read ahead and have started. */
  started?: string[] | undefined;
  /** Values are JSON text. */
  progress?: { taskId: string; value: string }[] | undefined;
}

/** The answer to a heartbeat. */
export interface HeartbeatResult {
  /** The leases that were extended, and when they expire, in Unix milliseconds. */
  extended: { leaseId: string; expiresAt: number }[];
  /** Named tasks that their leases do not hold any more. */
  lost: string[];
  /** Those of the lost tasks that were cancelled. */
  cancelled: string[];
}

/** Why an attempt failed, as its runner reports it. */
export interface ReportedFailure extends TaskError {
  /** False if no further attempt can succeed; true by default. */
  retryable?: boolean | undefined;
}

/** A task type's own settings, for tasks whose submission set none. */
export interface TypeRetry {
  maxAttempts?: number | undefined;
  backoff?: Backoff | undefined;
}

/** How an attempt under a lease ended. */
export interface SettleReport {
  taskId: string;
  leaseId: string;
  success: boolean;
  /** JSON text. */
  result?: string | undefined;
  error?: ReportedFailure | undefined;
  retry?: TypeRetry | undefined;
}

/** The state of a task after its report; `runAt` is set if the task waits for another attempt. */
export interface SettleOutcome {
  taskId: string;
  state: TaskState | 'stale' | 'unknown';
  runAt?: number | undefined;
}

/** Outcomes in the order of their reports. */
export interface Settled {
  outcomes: SettleOutcome[];
  /** The pause that the ledger asks for before the next report, in milliseconds. */
  spaceMs?: number | undefined;
}

/** How the attempt of a task ended that was claimed alone, without a lease id. */
export interface UnfencedReport {
  taskId: string;
  success: boolean;
  /** JSON text. */
  result?: string | undefined;
  error?: ReportedFailure | undefined;
}

/** `settled` is the task's state at its end; `refused` is the state in which the report was not accepted. */
export type UnfencedOutcome =
  | { settled: TaskState }
  | { refused: TaskState; fenced: boolean }
  | { unknown: true };
