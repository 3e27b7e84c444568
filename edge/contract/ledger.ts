import type { RunnerAbout } from './buffer.ts';
import type { PerType } from './per-type.ts';
import type { LiveUpdate, RunnerView } from './stats.ts';
import type { Backoff, TaskError, TaskState } from './task.ts';

/**
 * The calls that workers make to the ledger. They carry JSON values as text, so that the ledger never
 * parses a payload or a result. Times are Unix milliseconds.
 */
export interface LedgerApi {
  /** `full` where the ledger has no room: then nothing was inserted. */
  insert(tasks: NewTask[]): Promise<{ full: boolean }>;
  insertFailed(task: RefusedTask): Promise<void>;
  claim(request: LedgerClaim): Promise<SerializedGrant>;
  claimOne(taskId: string): Promise<SingleClaimGrant>;
  heartbeat(leases: LeaseBeat[]): Promise<HeartbeatResult>;
  settle(reports: SettleReport[]): Promise<Settled>;
  settleUnfenced(report: UnfencedReport): Promise<UnfencedOutcome>;
  /** `delayMs` is how long the tasks wait before they are ready again. */
  release(leaseId: string, taskIds: string[], delayMs?: number): Promise<string[]>;
  /** Gives back all that a lease holds, and uses up its id: a claim under it that arrives later gets nothing. */
  releaseLease(leaseId: string): Promise<string[]>;
  find(taskId: string): Promise<FoundTask>;
  /**
   * The task once it is not as `version` says any more (see `versionOf`; null for a task that is not in the
   * ledger), or after `timeoutMs`.
   */
  awaitChange(taskId: string, version: string | null, timeoutMs: number): Promise<FoundTask | Busy>;
  /** Names the client tokens that are configured, and ends the live sockets of all others. */
  keepClients(names: string[]): Promise<void>;
  /** Whether `keepClients` has left a token out since a time, in Unix milliseconds. */
  isRevoked(name: string, since: number): Promise<boolean>;
  cancel(taskId: string): Promise<CancelOutcome>;
  retry(taskId: string): Promise<RetryOutcome>;
  cancelMany(filter: ListFilter): Promise<ChangedPage | Busy>;
  retryMany(filter: RetryFilter): Promise<ChangedPage | Busy>;
  /** How the queue stands, and its runners. */
  snapshot(): Promise<LiveUpdate | Busy>;
  runners(): Promise<RunnerView[] | Busy>;
  /** No task of a paused type is handed out. */
  pause(type: string): Promise<void>;
  resume(type: string): Promise<void>;
  list(filter: ListFilter): Promise<TaskPage | Busy>;
  ready(limit: number): Promise<WorkRow[] | Busy>;
  listActive(limit: number): Promise<WorkRow[] | Busy>;
  /** `header` is the key as 0.1.0 kept it. `closed`: nothing new is accepted, as if the ledger were full. */
  reserve(
    key: string,
    bodyHash: string,
    submission: string,
    header: string,
    closed: boolean,
  ): Promise<Reservation>;
  markAccepted(key: string, submission: string): Promise<void>;
  incomplete(submissions: SubmissionCount[]): Promise<string[]>;
  /** The window up to which all submissions were delivered for sure; null before the first sweep. */
  sweptWindow(): Promise<string | null>;
  markSwept(window: string): Promise<void>;
  /**
   * The oldest windows that are due for an archive round.
   *
   * @param retention how long ended tasks stay, in milliseconds.
   * @param early for want of room: no further round waits for its time.
   */
  closable(retention: PerType, limit: number, early?: boolean): Promise<DueWindow[]>;
  /**
   * Closes a window to inserts and opens an archive round of it; false if it may not be closed yet. While a
   * round is open this changes nothing.
   */
  seal(window: string, retention: PerType): Promise<boolean>;
  /** Open archive rounds, in the order in which they were opened, those of failing windows left out. */
  openSeals(limit: number): Promise<OpenSeal[]>;
  /**
   * Rows of an open round after an id, payloads left out that lie in a record; null if this round is not being
   * written any more.
   */
  archivePage(window: string, round: number, after: string, maxBytes: number): Promise<ArchivePage | null>;
  /** A round is written: from now on only the purge changes it. Repeats, and other rounds, change nothing. */
  markArchived(window: string, round: number, end: RoundEnd): Promise<void>;
  /** Deletes a portion of the rows of an archived round; the round ends with the last. */
  purge(window: string): Promise<{ more: boolean }>;
  /**
   * A window could not be archived, or a submission or a window not swept: it is tried again after a time that
   * doubles with each failure.
   *
   * @returns false if there is no room to remember it.
   */
  noteFailure(step: FailedStep, name: string): Promise<boolean>;
  /** What failed has succeeded, or will never. */
  clearFailure(step: FailedStep, name: string): Promise<void>;
  failures(): Promise<Failure[]>;
  /** Bytes that the ledger's database takes. */
  size(): Promise<number>;
  capacity(): Promise<Capacity>;
  /** Those of the types that no task has had lately. */
  unknownTypes(types: string[]): Promise<string[]>;
}

/** So many calls of this kind wait that this one was not made: it may be repeated in some seconds. */
export interface Busy {
  busy: true;
}

/** `full`: no task is inserted. `typesFull`: there are MAX_LIVE_TYPES live types. */
export interface Capacity {
  full: boolean;
  typesFull: boolean;
}

/** A task; or that its window is closed, whose archive has this number of rounds. */
export type FoundTask = { task: TaskRow } | { sealed: true; rounds: number } | { unknown: true };

/** `refused` names the state that stands against it. */
type Unchangeable = { refused: TaskState } | { sealed: true } | { unknown: true };
export type CancelOutcome = { changed: boolean } | Unchangeable;
export type RetryOutcome = { retried: true } | Unchangeable;

export interface RetryFilter extends Omit<ListFilter, 'states'> {
  state: 'failed' | 'cancelled';
  /** Ended no sooner, in Unix milliseconds. */
  since: number;
}

export interface ChangedPage {
  changed: string[];
  nextCursor: string | null;
}

/**
 * The submission that an idempotency key belongs to; `conflict` if it came with another body; `full` if the
 * ledger has no room for a submission that is not accepted yet.
 */
export type Reservation =
  | { submission: string; accepted: boolean; repeated: boolean }
  | { conflict: true }
  | { full: true };

export interface SubmissionCount {
  submission: string;
  tasks: number;
}

export interface DueWindow {
  window: string;
  /** Whether it is closed already, by an earlier round. */
  sealed: boolean;
}

/** An archive round that is not purged yet. */
export interface OpenSeal {
  window: string;
  /** The rounds of a window count from 0. */
  round: number;
  archived: boolean;
  purgeable: boolean;
}

export interface ArchivePage {
  tasks: TaskRow[];
  /** After which id the next page begins; null after the last. A page may be empty and not the last. */
  next: string | null;
}

/** What a round has written. */
export interface RoundEnd {
  /** 0 if the round found nothing, and so has no key. */
  tasks: number;
  /** The last id that the round covers, if it does not cover the whole window: later ones are for the next. */
  upTo: string | null;
}

export type FailedStep = 'archive' | 'sweep';

export interface Failure {
  step: FailedStep;
  /** A window, or of a sweep a submission. */
  name: string;
  failures: number;
  /** When it failed first, and when it is tried again, in Unix milliseconds. */
  since: number;
  retryAt: number;
}

export interface NewTask {
  id: string;
  type: string;
  /** Null where it lies in the submission's record; then `bodyBytes` tells how large it is. */
  payload: string | null;
  bodyBytes?: number | undefined;
  priority: number;
  runAt?: number | undefined;
  maxAttempts?: number | undefined;
  backoff?: Backoff | undefined;
  timeoutSeconds?: number | undefined;
  tags?: string[] | undefined;
}

/** A task that was accepted but cannot be run. */
export interface RefusedTask {
  id: string;
  type: string;
  payload: string;
  reason: string;
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
  /** Null where it lies in the submission's record. */
  payload: string | null;
  receivedAt: number;
  claimedAt: number | null;
  attempt: number;
  maxAttempts: number;
  timeoutSeconds: number | null;
  priority: number;
}

/** Everything that is known of a task. */
export interface TaskRow extends WorkRow {
  runAt: number;
  tags: string[] | null;
  completedAt: number | null;
  error: TaskError | null;
  result: string | null;
  progress: string | null;
  attempts: EndedAttempt[];
}

export interface LedgerClaim {
  leaseId: string;
  runner: string;
  about?: RunnerAbout | undefined;
  leaseSeconds: number;
  wants: ClaimWant[];
}

export interface ClaimWant {
  types: string[];
  limit: number;
  /** How many of the granted tasks start at once; absent: all. */
  starts?: number | undefined;
  /** How many tasks of each type may be read ahead; absent: none. */
  ahead?: Record<string, number> | undefined;
}

/** The first of the tasks that a claim has left. `runAt` is Unix milliseconds. */
export interface QueueHead {
  priority: number;
  runAt: number;
}

export interface ClaimGrant {
  /** For each want, in order: the tasks that start at once, then those that are read ahead. */
  tasks: WorkRow[];
  expiresAt: number;
  ready: number;
  /** For each want the head of what is left; null if nothing is left. */
  next: (QueueHead | null)[];
}

/**
 * A grant as the ledger answers it: its tasks in their order, as items of a JSON array where they are whole,
 * several in a text; as rows where the payload lies in the record.
 */
export interface SerializedGrant extends Omit<ClaimGrant, 'tasks'> {
  tasks: (string | WorkRow)[];
  /** The pause that the ledger asks for before the next claim, in milliseconds. */
  spaceMs?: number | undefined;
}

export type SingleClaimGrant =
  | { claimed: WorkRow; leaseId: string }
  | { unavailable: TaskState }
  | { paused: true }
  | { unknown: true };

export interface LeaseBeat {
  leaseId: string;
  holds: string[];
  /** Tasks that were read ahead and have started. */
  started?: string[] | undefined;
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

/** Outcomes in the order of their reports. */
export interface Settled {
  outcomes: SettleOutcome[];
  /** The pause that the ledger asks for before the next report, in milliseconds. */
  spaceMs?: number | undefined;
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
  tag?: string | undefined;
  /** The first id, of the range that is listed, and what follows its last. */
  from?: string | undefined;
  before?: string | undefined;
  limit: number;
  cursor?: string | undefined;
}

export interface TaskSummary {
  id: string;
  type: string;
  state: TaskState;
  attempt: number;
  completedAt: number | null;
  tags: string[] | null;
}

export interface TaskPage {
  tasks: TaskSummary[];
  nextCursor: string | null;
}
