import type { PerType } from '../per-type.ts';
import type { LiveUpdate, RunnerView } from '../stats.ts';
import type { ArchivePage, DueWindow, FailedStep, Failure, OpenSeal, RoundEnd } from './archive.ts';
import type {
  HeartbeatResult,
  LeaseBeat,
  LedgerClaim,
  SerializedGrant,
  Settled,
  SettleReport,
  SingleClaimGrant,
  UnfencedOutcome,
  UnfencedReport,
} from './leases.ts';
import type { FoundSchedule, SchedulePage, SchedulePut, ScheduleRuns } from './schedules.ts';
import type {
  Busy,
  CancelOutcome,
  Capacity,
  ChangedPage,
  FoundTask,
  Full,
  ListFilter,
  NewTask,
  RefusedTask,
  Reservation,
  RetryFilter,
  RetryOutcome,
  SubmissionCount,
  TaskPage,
  WorkRow,
} from './tasks.ts';

/**
 * The calls that workers make to the ledger. JSON values are passed as text, so the ledger never parses a
 * payload or a result. Times are Unix milliseconds.
 */
export interface LedgerApi {
  /** Inserts the tasks that do not exist yet. `full`: there is no capacity, and nothing was inserted. */
  insert(tasks: NewTask[]): Promise<{ full: boolean }>;
  /** Inserts a task that cannot be run, with the state `failed`. */
  insertFailed(task: RefusedTask): Promise<void>;

  /** Gives a runner tasks under a lease, by priority, then by age. */
  claim(request: LedgerClaim): Promise<SerializedGrant>;
  /** Gives a consumer one task, under a lease that the ledger creates. */
  claimOne(taskId: string): Promise<SingleClaimGrant>;
  /** Extends leases, and takes back the tasks of each lease that the heartbeat does not list. */
  heartbeat(leases: LeaseBeat[]): Promise<HeartbeatResult>;
  /** Ends attempts under the leases that hold them. A repeated report gets the same outcome. */
  settle(reports: SettleReport[]): Promise<Settled>;
  /** Ends the attempt of a task that was claimed by `claimOne`. */
  settleUnfenced(report: UnfencedReport): Promise<UnfencedOutcome>;
  /**
   * Takes back tasks that have not started; resolves with their ids.
   *
   * @param delayMs how long the tasks wait before they are ready again; 0 by default.
   */
  release(leaseId: string, taskIds: string[], delayMs?: number): Promise<string[]>;
  /** Takes back all tasks of a lease. Its id cannot be used again: a later claim with it gets no tasks. */
  releaseLease(leaseId: string): Promise<string[]>;

  /** Gets a task. */
  find(taskId: string): Promise<FoundTask>;
  /**
   * Gets a task once its version differs from `version`, or after `timeoutMs`.
   *
   * @param version a version from `versionOf`; null for a task that is not in the ledger.
   */
  awaitChange(taskId: string, version: string | null, timeoutMs: number): Promise<FoundTask | Busy>;
  /** Lists tasks, newest first. */
  list(filter: ListFilter): Promise<TaskPage | Busy>;
  /** Lists tasks that can be claimed now, in the order of claims. */
  ready(limit: number): Promise<WorkRow[] | Busy>;
  /** Lists tasks that have not ended. */
  listActive(limit: number): Promise<WorkRow[] | Busy>;

  /** Cancels a task that has not ended. */
  cancel(taskId: string): Promise<CancelOutcome>;
  /** Makes a failed or cancelled task ready again, with all its attempts. */
  retry(taskId: string): Promise<RetryOutcome>;
  /** Cancels a page of the tasks that match. */
  cancelMany(filter: ListFilter): Promise<ChangedPage | Busy>;
  /** Retries a page of the tasks that match. */
  retryMany(filter: RetryFilter): Promise<ChangedPage | Busy>;
  /**
   * Pauses a type: claims get no task of it until it is resumed. Resolves with whether it is paused now; it is not
   * if the maximum number of types is paused.
   */
  pause(type: string): Promise<boolean>;
  /** Resumes a type: claims get tasks of it again. */
  resume(type: string): Promise<void>;

  /**
   * Creates a schedule or changes its settings. The same settings again change nothing.
   *
   * @param settings `ScheduleSettings` without the payload, as JSON text.
   * @param payload JSON text; null if the settings have none.
   */
  putSchedule(name: string, settings: string, payload: string | null): Promise<SchedulePut>;
  /** Gets a schedule. */
  schedule(name: string): Promise<FoundSchedule>;
  /** Lists schedules in the order of their names, beginning after a name. */
  schedules(after: string, limit: number): Promise<SchedulePage | Busy>;
  /** Deletes a schedule; resolves with whether there was one. */
  deleteSchedule(name: string): Promise<boolean>;
  /** Pauses a schedule: it inserts no tasks until it is resumed. */
  pauseSchedule(name: string): Promise<FoundSchedule>;
  /** Resumes a schedule. Planned times that passed meanwhile were missed. */
  resumeSchedule(name: string): Promise<FoundSchedule>;
  /** Inserts a task of a schedule now. The same key and time again are the same task. */
  runSchedule(name: string, plannedAt: number, key: string): Promise<ScheduleRuns | Full>;
  /**
   * Inserts the tasks of planned times that the ledger does not have.
   *
   * @param requestedAt a repeat of the call has the same time.
   */
  backfillSchedule(name: string, plannedAts: number[], requestedAt: number): Promise<ScheduleRuns | Full>;

  /** Gets the statistics of the queue, and its runners. */
  snapshot(): Promise<LiveUpdate | Busy>;
  /** Gets the runners that are connected or hold tasks. */
  runners(): Promise<RunnerView[] | Busy>;
  /** Gets the size of the ledger's database, in bytes. */
  size(): Promise<number>;
  /** Gets whether the ledger has capacity for more tasks and for more types. */
  capacity(): Promise<Capacity>;
  /** Returns the given types that the ledger does not know. It knows a type for a day after its last task is gone. */
  unknownTypes(types: string[]): Promise<string[]>;

  /** Sets the names of the configured client tokens, and closes the live sockets of all other tokens. */
  keepClients(names: string[]): Promise<void>;
  /** Whether a call of `keepClients` after `since` did not list a token. */
  isRevoked(name: string, since: number): Promise<boolean>;

  /**
   * Reserves an idempotency key for a submission, or finds the submission that the key belongs to.
   *
   * @param header the key as version 0.1.0 stored it.
   * @param closed accept no new submission, as if the ledger were full.
   */
  reserve(
    key: string,
    bodyHash: string,
    submission: string,
    header: string,
    closed: boolean,
  ): Promise<Reservation>;
  /** Marks the submission of a key as accepted. */
  markAccepted(key: string, submission: string): Promise<void>;
  /** Returns the given submissions that have a missing task. */
  incomplete(submissions: SubmissionCount[]): Promise<string[]>;
  /** Gets the window up to which the sweep found all submissions delivered; null before the first sweep. */
  sweptWindow(): Promise<string | null>;
  /** Records that all submissions up to a window are delivered. */
  markSwept(window: string): Promise<void>;

  /**
   * Gets the oldest windows that are due for an archive round.
   *
   * @param retention how long ended tasks stay, in milliseconds.
   * @param early the ledger is short of space, so a window does not wait for the time of its next round.
   */
  closable(retention: PerType, limit: number, early?: boolean): Promise<DueWindow[]>;
  /**
   * Closes a window to inserts and opens an archive round. Returns false if the window may not be closed yet.
   * While a round of the window is open, this changes nothing.
   */
  seal(window: string, retention: PerType): Promise<boolean>;
  /** Gets open archive rounds, oldest first, without those of failing windows. */
  openSeals(limit: number): Promise<OpenSeal[]>;
  /**
   * Gets rows of an open round after an id, without payloads that are in a record. Returns null if the round is
   * no longer being written.
   */
  archivePage(window: string, round: number, after: string, maxBytes: number): Promise<ArchivePage | null>;
  /**
   * Marks a round as written. From then on, only the purge changes it. A repeated call, or a call for another
   * round, changes nothing.
   */
  markArchived(window: string, round: number, end: RoundEnd): Promise<void>;
  /** Deletes some of the rows of an archived round. The round ends when its last row is deleted. */
  purge(window: string): Promise<{ more: boolean }>;

  /**
   * Records that a step of the cron job failed. The step is retried after a delay that doubles with each failure.
   *
   * @returns false if there is no capacity to store the failure.
   */
  noteFailure(step: FailedStep, name: string): Promise<boolean>;
  /** Deletes the failure of a step that has succeeded, or that will never succeed. */
  clearFailure(step: FailedStep, name: string): Promise<void>;
  /** Gets the failing steps. */
  failures(): Promise<Failure[]>;
}
