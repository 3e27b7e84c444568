import type { Backoff, TaskError, TaskState } from './task.ts';

/**
 * The calls that workers make to the ledger. They carry JSON values as text, so that the ledger never
 * parses a payload or a result. Times are Unix milliseconds.
 */
export interface LedgerApi {
  insert(tasks: NewTask[]): Promise<void>;
  claim(request: ClaimOrder): Promise<ClaimGrant>;
  claimOne(taskId: string): Promise<SingleClaimGrant>;
  heartbeat(leases: LeaseBeat[]): Promise<HeartbeatResult>;
  settle(reports: SettleReport[]): Promise<SettleOutcome[]>;
  settleUnfenced(report: UnfencedReport): Promise<UnfencedOutcome>;
  release(leaseId: string, taskIds: string[]): Promise<string[]>;
  find(taskId: string): Promise<TaskRow | null>;
  list(filter: ListFilter): Promise<TaskPage>;
  ready(limit: number): Promise<WorkRow[]>;
  alive(limit: number): Promise<WorkRow[]>;
}

export interface NewTask {
  id: string;
  type: string;
  payload: string;
  priority: number;
  runAt?: number | undefined;
  maxAttempts?: number | undefined;
  backoff?: Backoff | undefined;
  timeoutSeconds?: number | undefined;
  tags?: string[] | undefined;
}

export interface EndedAttempt {
  attempt: number;
  runner: string;
  startedAt: number;
  endedAt: number;
  error?: TaskError | undefined;
}

/** What a consumer needs of a task. */
export interface WorkRow {
  id: string;
  type: string;
  state: TaskState;
  payload: string;
  receivedAt: number;
  claimedAt: number | null;
  attempt: number;
  maxAttempts: number;
  timeoutSeconds: number | null;
}

/** Everything that is known of a task. */
export interface TaskRow extends WorkRow {
  priority: number;
  runAt: number;
  tags: string[] | null;
  completedAt: number | null;
  error: TaskError | null;
  result: string | null;
  progress: string | null;
  attempts: EndedAttempt[];
}

export interface ClaimOrder {
  leaseId: string;
  runner: string;
  leaseSeconds: number;
  wants: { types: string[]; limit: number }[];
}

export interface ClaimGrant {
  tasks: WorkRow[];
  expiresAt: number;
  ready: number;
}

export type SingleClaimGrant = { claimed: WorkRow } | { unavailable: TaskState } | { unknown: true };

export interface LeaseBeat {
  leaseId: string;
  holds: string[];
  progress?: { taskId: string; value: string }[] | undefined;
}

export interface HeartbeatResult {
  extended: { leaseId: string; expiresAt: number }[];
  lost: string[];
  cancelled: string[];
}

export interface ReportedFailure extends TaskError {
  retryable?: boolean | undefined;
}

/** A task type's own settings, for tasks whose submission set none. */
export interface TypeRetry {
  maxAttempts?: number | undefined;
  backoff?: Backoff | undefined;
}

export interface SettleReport {
  taskId: string;
  leaseId: string;
  success: boolean;
  result?: string | undefined;
  error?: ReportedFailure | undefined;
  retry?: TypeRetry | undefined;
}

/** `runAt` is set where the task waits for another attempt. */
export interface SettleOutcome {
  taskId: string;
  state: TaskState | 'stale' | 'unknown';
  runAt?: number | undefined;
}

export interface UnfencedReport {
  taskId: string;
  success: boolean;
  result?: string | undefined;
  error?: ReportedFailure | undefined;
}

/** `settled` is the task's state at its end; `refused` the state for which the report was not accepted. */
export type UnfencedOutcome =
  | { settled: TaskState }
  | { refused: TaskState; fenced: boolean }
  | { unknown: true };

export interface ListFilter {
  states?: TaskState[] | undefined;
  type?: string | undefined;
  limit: number;
  cursor?: string | undefined;
}

export interface TaskSummary {
  id: string;
  type: string;
  state: TaskState;
  completedAt: number | null;
}

export interface TaskPage {
  tasks: TaskSummary[];
  nextCursor: string | null;
}
