import type { FailedStep, RoundEnd } from '../../contract/ledger/archive.ts';
import type {
  ClaimGrant,
  LeaseBeat,
  LedgerClaim,
  SettleReport,
  UnfencedReport,
} from '../../contract/ledger/leases.ts';
import type {
  ChangedPage,
  FoundTask,
  ListFilter,
  NewTask,
  RefusedTask,
  Reservation,
  RetryFilter,
  SubmissionCount,
  TaskPage,
  WorkRow,
} from '../../contract/ledger/tasks.ts';
import type { PerType } from '../../contract/per-type.ts';
import type { QueueStats } from '../../contract/stats.ts';
import { archivePage, purge } from './archive/archive-rows.ts';
import { clearFailure, failures, noteFailure } from './archive/failures.ts';
import { closable, incomplete, markArchived, openSeals, seal } from './archive/seals.ts';
import { markSwept, sweptWindow } from './archive/sweep-cursor.ts';
import { ANY_TYPE, type DemandTypes } from './demand-index.ts';
import { LedgerSchedules } from './schedules/ledger-schedules.ts';
import { dismissRunner, noteRunner, presentRunners, recallRunner } from './stats/runners.ts';
import { stats } from './stats/stats.ts';
import { migrate } from './store/migrations.ts';
import type { Sql } from './store/sql.ts';
import type { Store } from './store/store.ts';
import { typesFull, unknownTypes } from './store/types.ts';
import { cancel, cancelMany } from './tasks/cancel.ts';
import { claim, claimOne } from './tasks/claim.ts';
import { adoptKey, markAccepted, reserve } from './tasks/idempotency.ts';
import { insert, insertFailed } from './tasks/insert.ts';
import { heartbeat, release, releaseLease } from './tasks/leases.ts';
import { pause, resume } from './tasks/paused.ts';
import { find, listActive, page, ready, versions } from './tasks/read.ts';
import { claimable, readyTypes } from './tasks/ready-queue.ts';
import { retry, retryMany } from './tasks/retry.ts';
import { settle, settleUnfenced } from './tasks/settle.ts';
import { TimeSteps } from './time-steps.ts';
import { type LedgerSources, Transactions } from './transactions.ts';

/**
 * The only authority over a live task. Every call is one synchronous transaction, so a task changes its state only
 * in these steps:
 *
 * - scheduled → ready when its time has come, by a claim or by `tick`
 * - ready → leased by a claim, which uses an attempt
 * - leased → completed, failed, or scheduled for another attempt, by a result under the lease that holds the task
 * - leased → ready by a release, which gives the attempt back
 * - leased → scheduled or failed when the lease expires or a heartbeat does not list the task
 * - a schedule's task is inserted when its planned time has come, by a claim or by `tick`
 * - scheduled, ready or leased → cancelled by a cancel; failed or cancelled → ready by a retry
 *
 * Some time after tasks of a window have ended, the window is sealed. From then on, nothing is inserted into it.
 * Its ended rows are archived and purged in rounds, and its other tasks stay. No row of an open round changes.
 */
export class Ledger {
  readonly #sql: Sql;
  readonly #sources: LedgerSources;
  readonly #transactions: Transactions;
  readonly #timeSteps: TimeSteps;
  readonly schedules: LedgerSchedules;
  /** Where the next scan for closable windows continues, so that delayed windows do not hide later ones. */
  #lookFrom = '';

  constructor(sql: Sql, sources: LedgerSources) {
    this.#sql = sql;
    this.#sources = sources;
    this.#transactions = new Transactions(sql, sources, () => this.#timeSteps.noteSchedules());
    migrate(sql);
    this.#timeSteps = new TimeSteps(sql, sources);
    this.schedules = new LedgerSchedules(sql, (body) => {
      const result = this.#write(body);
      this.#timeSteps.noteSchedules();
      return result;
    });
  }

  insert(tasks: readonly NewTask[]): void {
    this.#write((sql, now) => insert(sql, tasks, now));
  }

  insertFailed(task: RefusedTask): void {
    this.#write((sql, now) => insertFailed(sql, task, now));
  }

  /** Whether the ledger has the maximum number of live types. */
  typesFull(): boolean {
    return typesFull(this.#sql);
  }

  unknownTypes(types: readonly string[]): string[] {
    return unknownTypes(this.#sql, types);
  }

  claim(order: LedgerClaim): ClaimGrant {
    return this.#write((sql, now) => {
      this.#timeSteps.take(sql, now);
      if (order.about) {
        const { isConnected = () => false } = this.#sources;
        noteRunner(sql, order.runner, order.about, now, isConnected);
      }
      return claim(sql, order, now);
    });
  }

  claimOne(taskId: string) {
    return this.#write((sql, now) => {
      this.#timeSteps.take(sql, now);
      return claimOne(sql, taskId, now);
    });
  }

  heartbeat(leases: readonly LeaseBeat[]) {
    return this.#write((sql, now) => heartbeat(sql, leases, now, this.#sources.random));
  }

  settle(reports: readonly SettleReport[]) {
    return this.#write((sql, now) => settle(sql, reports, now, this.#sources.random));
  }

  settleUnfenced(report: UnfencedReport) {
    return this.#write((sql, now) => settleUnfenced(sql, report, now, this.#sources.random));
  }

  release(leaseId: string, taskIds: readonly string[], delayMs = 0): string[] {
    return this.#write((sql, now) => release(sql, leaseId, taskIds, delayMs, now));
  }

  releaseLease(leaseId: string): string[] {
    return this.#write((sql, now) => releaseLease(sql, leaseId, now));
  }

  cancel(taskId: string) {
    return this.#write((sql, now) => cancel(sql, taskId, now));
  }

  retry(taskId: string) {
    return this.#write((sql, now) => retry(sql, taskId, now));
  }

  cancelMany(filter: ListFilter): ChangedPage {
    return this.#write((sql, now) => cancelMany(sql, filter, now));
  }

  retryMany(filter: RetryFilter): ChangedPage {
    return this.#write((sql, now) => retryMany(sql, filter, now));
  }

  find(taskId: string): FoundTask {
    return find(this.#sql, taskId);
  }

  /** The version of each task, see `versionOf`. Tasks that are not in the ledger are left out. */
  versions(taskIds: readonly string[]): Map<string, string> {
    return versions(this.#sql, taskIds);
  }

  list(filter: ListFilter): TaskPage {
    return page(this.#sql, filter);
  }

  ready(limit: number): WorkRow[] {
    return ready(this.#sql, limit);
  }

  /** How many tasks of each of these types may be claimed. Types without such tasks are left out. */
  claimable(types: DemandTypes): Map<string, number> {
    return claimable(this.#sql, types === ANY_TYPE ? readyTypes(this.#sql) : types);
  }

  listActive(limit: number): WorkRow[] {
    return listActive(this.#sql, limit);
  }

  /**
   * @param full whether there is no capacity for a submission.
   * @param header the key as version 0.1.0 stored it.
   */
  reserve(key: string, bodyHash: string, submission: string, full = false, header?: string): Reservation {
    return this.#write((sql, now) => {
      if (header !== undefined) adoptKey(sql, key, header);
      return reserve(sql, key, bodyHash, submission, full, now);
    });
  }

  markAccepted(key: string, submission: string): void {
    this.#write((sql) => markAccepted(sql, key, submission));
  }

  incomplete(submissions: readonly SubmissionCount[]): string[] {
    return incomplete(this.#sql, submissions);
  }

  sweptWindow(): string | null {
    return sweptWindow(this.#sql);
  }

  markSwept(window: string): void {
    this.#write((sql) => markSwept(sql, window));
  }

  closable(retention: PerType, limit: number, early = false) {
    const from = this.#lookFrom;
    const { windows, next } = closable(this.#sql, retention, limit, early, from, this.#sources.now());
    this.#lookFrom = next;
    return windows;
  }

  seal(window: string, retention: PerType): boolean {
    const sealed = this.#write((sql, now) => seal(sql, window, retention, now));
    this.#transactions.forgetWindow(window);
    return sealed;
  }

  openSeals(limit: number) {
    return openSeals(this.#sql, limit, this.#sources.now());
  }

  archivePage(window: string, round: number, after: string, maxBytes: number) {
    return archivePage(this.#sql, window, round, after, maxBytes);
  }

  markArchived(window: string, round: number, end: RoundEnd): void {
    this.#write((sql, now) => markArchived(sql, window, round, end, now));
  }

  purge(window: string): { more: boolean } {
    return this.#write((sql, now) => purge(sql, window, now));
  }

  noteFailure(step: FailedStep, name: string): boolean {
    return this.#write((sql, now) => noteFailure(sql, step, name, now));
  }

  clearFailure(step: FailedStep, name: string): void {
    this.#write((sql) => clearFailure(sql, step, name));
  }

  failures() {
    return failures(this.#sql);
  }

  /** Pauses a type until it is resumed. @returns false if the maximum number of types is paused. */
  pause(type: string): boolean {
    return this.#write((sql, now) => pause(sql, type, now));
  }

  resume(type: string): void {
    this.#write((sql) => resume(sql, type));
  }

  /** @param connected the runners that have a wake socket open. */
  runners(connected: ReadonlySet<string>) {
    return presentRunners(this.#sql, connected, this.#sources.now());
  }

  /** Records that a runner has closed its last wake socket. */
  dismissRunner(name: string): void {
    this.#write((sql) => dismissRunner(sql, name));
  }

  /** Records that a dismissed runner has claimed. */
  recallRunner(name: string): void {
    this.#write((sql, now) => recallRunner(sql, name, now));
  }

  /** @param handled the types that runners take, from {@link runners}. */
  stats(handled: ReadonlySet<string> = new Set()): QueueStats {
    return stats(this.#sql, handled, this.#sources.now());
  }

  /** Makes the changes that are due at the current time. The next call is due at {@link nextTickAt}. */
  tick(): void {
    this.#write((sql, now) => this.#timeSteps.take(sql, now));
  }

  /** When the next lease expires or the next scheduled task is due, in Unix milliseconds. */
  nextTickAt(): number | null {
    return this.#timeSteps.nextAt();
  }

  #write<Result>(body: (sql: Store, now: number) => Result): Result {
    const result = this.#transactions.write(body);
    this.#timeSteps.noteCommit();
    return result;
  }
}
