import type { RunnerAbout } from '../buffer.ts';
import type { Backoff, TaskError, TaskState } from '../task.ts';
import type { WorkRow } from './tasks.ts';

/** A runner's claim. A repeated claim with the same lease id gets the tasks that the lease still holds. */
export interface LedgerClaim {
  leaseId: string;
  runner: string;
  about?: RunnerAbout | undefined;
  leaseSeconds: number;
  wants: ClaimWant[];
}

/** The tasks that a runner wants of some types. */
export interface ClaimWant {
  types: string[];
  /** Maximum number of tasks. */
  limit: number;
  /** How many of them start at once; all by default. */
  starts?: number | undefined;
  /** How many tasks of each type may be read ahead; none by default. */
  ahead?: Record<string, number> | undefined;
}

/** The first task of the queue that matches a want and was not granted. */
export interface QueueHead {
  priority: number;
  /** Unix milliseconds. */
  runAt: number;
}

/** The result of a claim. */
export interface ClaimGrant {
  /** For each want, in order: first the tasks that start at once, then the tasks that are read ahead. */
  tasks: WorkRow[];
  /** When the lease expires, in Unix milliseconds. */
  expiresAt: number;
  /** How many tasks of the wanted types are left. The count stops at a limit. */
  ready: number;
  /** For each want, the first task that is left; null if none is left. */
  next: (QueueHead | null)[];
}

/**
 * A grant as text. Each text holds items of a JSON array, one or more tasks. A task whose payload is in a record
 * is a row instead.
 */
export interface SerializedGrant extends Omit<ClaimGrant, 'tasks'> {
  tasks: (string | WorkRow)[];
  /** How long the runner should wait before the next claim, in milliseconds. */
  spaceMs?: number | undefined;
}

/** The result of a claim of one task. */
export type SingleClaimGrant =
  | { claimed: WorkRow; leaseId: string }
  | { unavailable: TaskState }
  | { paused: true }
  | { unknown: true };

/** One lease of a heartbeat. */
export interface LeaseBeat {
  leaseId: string;
  /** The tasks that the runner still has. The ledger takes back the lease's other tasks. */
  holds: string[];
  /** Tasks that were read ahead and have started. */
  started?: string[] | undefined;
  /** Values are JSON text. */
  progress?: { taskId: string; value: string }[] | undefined;
}

/** The result of a heartbeat. */
export interface HeartbeatResult {
  /** The leases that were extended, and when they expire, in Unix milliseconds. */
  extended: { leaseId: string; expiresAt: number }[];
  /** Tasks that the heartbeat listed but that their leases no longer hold. */
  lost: string[];
  /** The lost tasks that were cancelled. */
  cancelled: string[];
}

/** Why an attempt failed, as its runner reports it. */
export interface ReportedFailure extends TaskError {
  /** False if no further attempt can succeed; true by default. */
  retryable?: boolean | undefined;
}

/** The settings of a task type. They apply to tasks whose submission does not set them. */
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
  /** How long the runner should wait before the next report, in milliseconds. */
  spaceMs?: number | undefined;
}

/** How an attempt ended. The task was claimed by `claimOne`, so the client has no lease id. */
export interface UnfencedReport {
  taskId: string;
  success: boolean;
  /** JSON text. */
  result?: string | undefined;
  error?: ReportedFailure | undefined;
}

/** `settled` is the task's final state. `refused` is the state of a task that does not accept the report. */
export type UnfencedOutcome =
  | { settled: TaskState }
  | { refused: TaskState; fenced: boolean }
  | { unknown: true };
