import type {
  ArchivePage,
  DueWindow,
  FailedStep,
  Failure,
  OpenSeal,
  RoundEnd,
} from '../../../../contract/ledger/archive.ts';
import type {
  ClaimGrant,
  HeartbeatResult,
  LeaseBeat,
  LedgerClaim,
  SettleOutcome,
  SettleReport,
  SingleClaimGrant,
  UnfencedOutcome,
  UnfencedReport,
} from '../../../../contract/ledger/leases.ts';
import type {
  CancelOutcome,
  ChangedPage,
  FoundTask,
  ListFilter,
  NewTask,
  RefusedTask,
  RetryFilter,
  RetryOutcome,
  TaskPage,
  WorkRow,
} from '../../../../contract/ledger/tasks.ts';
import type { PerType } from '../../../../contract/per-type.ts';
import type { LedgerSources } from '../../transactions.ts';
import type { Calls } from '../calls.ts';
import { cancel, cancelMany, retry, retryMany } from './changes.ts';
import { claim, claimOne } from './claims.ts';
import { heartbeat } from './heartbeats.ts';
import { insert, insertFailed } from './inserts.ts';
import {
  backfillSchedule,
  continueQueues,
  findSchedule,
  listSchedules,
  pauseSchedule,
  putSchedule,
  resumeSchedule,
  runSchedule,
} from './schedules.ts';
import { settle, settleUnfenced } from './settling.ts';
import { State } from './state.ts';
import { release, releaseLease } from './take-back.ts';
import { nextTickAt, tick } from './tick.ts';
import { counts, find, holders, list, listActive, openLeases, ready } from './views.ts';

/**
 * A reference implementation of the ledger with maps and loops. It uses no SQL and has no size limits: no limit on
 * the payloads of an answer or on the number of due tasks.
 *
 * After every call:
 *
 * - A task is held by at most one lease. A leased task is held.
 * - A leased task has started, or was read ahead. Only a start uses an attempt.
 * - A held task that is not leased was cancelled while it ran, and perhaps retried. It cannot be claimed.
 * - A lease is open as long as it holds a task.
 * - `completedAt` is set only in a terminal state.
 *
 * `ArchiveModel` has the invariants of ended tasks and their windows.
 */
export class Model implements Calls {
  readonly #state: State;

  constructor(sources: LedgerSources) {
    this.#state = new State(sources);
  }

  /** Ends a call: queued runs of schedules follow those that the call has ended. */
  #continued<Result>(result: Result): Result {
    continueQueues(this.#state);
    return result;
  }

  get schedules(): Calls['schedules'] {
    const state = this.#state;
    return {
      put: (name, settings, payload) => putSchedule(state, name, settings, payload),
      find: (name) => findSchedule(state, name),
      list: (after, limit) => listSchedules(state, after, limit),
      delete: (name) => state.schedules.delete(name),
      pause: (name) => pauseSchedule(state, name),
      resume: (name) => resumeSchedule(state, name),
      run: (name, plannedAt, key) => runSchedule(state, name, plannedAt, key),
      backfill: (name, times, at) => backfillSchedule(state, name, times, at),
    };
  }

  /** Starts a new process with the same data. */
  restart(): void {
    this.#state.forgotAt = 0;
  }

  insert(tasks: readonly NewTask[]): void {
    insert(this.#state, tasks);
  }

  insertFailed(task: RefusedTask): void {
    insertFailed(this.#state, task);
  }

  claim(order: LedgerClaim): ClaimGrant {
    return this.#continued(claim(this.#state, order));
  }

  claimOne(taskId: string): SingleClaimGrant {
    return this.#continued(claimOne(this.#state, taskId));
  }

  heartbeat(beats: readonly LeaseBeat[]): HeartbeatResult {
    return this.#continued(heartbeat(this.#state, beats));
  }

  settle(reports: readonly SettleReport[]): SettleOutcome[] {
    return this.#continued(settle(this.#state, reports));
  }

  settleUnfenced(report: UnfencedReport): UnfencedOutcome {
    return this.#continued(settleUnfenced(this.#state, report));
  }

  release(leaseId: string, taskIds: readonly string[], delayMs?: number): string[] {
    return this.#continued(release(this.#state, leaseId, taskIds, delayMs));
  }

  releaseLease(leaseId: string): string[] {
    return this.#continued(releaseLease(this.#state, leaseId));
  }

  cancel(taskId: string): CancelOutcome {
    return this.#continued(cancel(this.#state, taskId));
  }

  cancelMany(filter: ListFilter): ChangedPage {
    return this.#continued(cancelMany(this.#state, filter));
  }

  retry(taskId: string): RetryOutcome {
    return retry(this.#state, taskId);
  }

  retryMany(filter: RetryFilter): ChangedPage {
    return retryMany(this.#state, filter);
  }

  /** There is no limit on paused types. */
  pause(type: string): boolean {
    this.#state.paused.add(type);
    return true;
  }

  resume(type: string): void {
    this.#state.paused.delete(type);
  }

  closable(retention: PerType, limit: number, early?: boolean): DueWindow[] {
    return this.#state.archive.closable(retention, limit, early);
  }

  seal(window: string, retention: PerType): boolean {
    return this.#state.archive.seal(window, retention);
  }

  openSeals(limit: number): OpenSeal[] {
    return this.#state.archive.openSeals(limit);
  }

  archivePage(window: string, round: number): ArchivePage | null {
    return this.#state.archive.archivePage(window, round);
  }

  markArchived(window: string, round: number, end: RoundEnd): void {
    this.#state.archive.markArchived(window, round, end);
  }

  purge(window: string): { more: boolean } {
    return this.#state.archive.purge(window);
  }

  noteFailure(step: FailedStep, name: string): boolean {
    return this.#state.archive.noteFailure(step, name);
  }

  clearFailure(step: FailedStep, name: string): void {
    this.#state.archive.clearFailure(step, name);
  }

  failures(): Failure[] {
    return this.#state.archive.failures();
  }

  tick(): void {
    this.#continued(tick(this.#state));
  }

  nextTickAt(): number | null {
    return nextTickAt(this.#state);
  }

  find(taskId: string): FoundTask {
    return find(this.#state, taskId);
  }

  list(filter: ListFilter): TaskPage {
    return list(this.#state, filter);
  }

  ready(limit: number): WorkRow[] {
    return ready(this.#state, limit);
  }

  listActive(limit: number): WorkRow[] {
    return listActive(this.#state, limit);
  }

  /** How many tasks of each type are in each state. */
  counts(): string[] {
    return counts(this.#state);
  }

  /** Which lease holds which task. */
  holders(): string[] {
    return holders(this.#state);
  }

  openLeases(): string[] {
    return openLeases(this.#state);
  }
}
