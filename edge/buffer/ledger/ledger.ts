import type {
  ArchivePage,
  CancelOutcome,
  ChangedPage,
  ClaimGrant,
  ClaimOrder,
  FoundTask,
  HeartbeatResult,
  LeaseBeat,
  ListFilter,
  NewTask,
  OpenSeal,
  RefusedTask,
  Reservation,
  RetryFilter,
  RetryOutcome,
  SettleOutcome,
  SettleReport,
  SingleClaimGrant,
  SubmissionCount,
  TaskPage,
  UnfencedOutcome,
  UnfencedReport,
  WorkRow,
} from '../../contract/ledger.ts';
import type { QueueStats, RunnerView } from '../../contract/stats.ts';
import { cancel, cancelMany } from './cancel.ts';
import { claim, claimOne } from './claim.ts';
import { Forgetting } from './forget.ts';
import { markAccepted, reserve } from './idempotency.ts';
import { insert, insertFailed } from './insert.ts';
import { heartbeat, nextExpiry, release, releaseLease, takeBackExpired } from './leases.ts';
import { backfillNext, isBackfilling, migrate } from './migrations.ts';
import { pause, resume, withoutPaused } from './paused.ts';
import { alive, find, page, ready, version } from './read.ts';
import { retry, retryMany } from './retry.ts';
import { dismissRunner, forgetRunners, listRunners, noteRunner } from './runners.ts';
import { archivePage, closable, incomplete, markArchived, openSeals, purge, seal } from './seals.ts';
import { settle, settleUnfenced } from './settle.ts';
import type { Sql } from './sql.ts';
import { forgetStats, stats } from './stats.ts';
import { markSwept, sweptWindow } from './swept.ts';
import { type Store, type TakenBack, Tally } from './tally.ts';
import { countReady, nextRunAt, promoteDue, readyTypes } from './waiting.ts';
import { ANY_TYPE, type Hunger } from './waker.ts';

const FORGET_EVERY_MS = 600_000;

/** Where the ledger takes time and chance from. */
export interface LedgerSources {
  /** Unix milliseconds. */
  now(): number;
  /** A number from 0 to 1, 1 excluded. */
  random(): number;
  /** Is told of each lease that tasks were taken back from. */
  onTakenBack?(taken: TakenBack): void;
}

/**
 * The only authority over a live task. Every call is one synchronous transaction, so a task changes hands
 * in whole steps:
 *
 * - scheduled → ready when its time has come, by a claim or by `tick`
 * - ready → leased by a claim, which spends an attempt
 * - leased → completed, failed, or scheduled for another attempt, by a result under the lease that holds it
 * - leased → ready by a release, which gives the attempt back
 * - leased → scheduled or failed when its lease expires or a heartbeat does not name it
 * - scheduled, ready or leased → cancelled by a cancel; failed or cancelled → ready by a retry
 *
 * When all tasks of a window have ended, the window is sealed: nothing of it changes any more, its rows go
 * to the archive and are purged.
 */
export class Ledger {
  readonly #sql: Sql;
  readonly #sources: LedgerSources;
  /** Whether an upgrade has rows left to change. */
  #backfilling: boolean;
  readonly #forgetting = new Forgetting();
  #forgotAt = 0;
  /** Where the look for closable windows goes on, lest windows that are held back hide all later ones. */
  #lookFrom = '';

  constructor(sql: Sql, sources: LedgerSources) {
    this.#sql = sql;
    this.#sources = sources;
    migrate(sql);
    this.#backfilling = isBackfilling(sql);
  }

  insert(tasks: readonly NewTask[]): void {
    this.#write((sql, now) => insert(sql, tasks, now));
  }

  insertFailed(task: RefusedTask): void {
    this.#write((sql, now) => insertFailed(sql, task, now));
  }

  claim(order: ClaimOrder): ClaimGrant {
    return this.#write((sql, now) => {
      this.#advance(sql, now);
      if (order.about) noteRunner(sql, order.runner, order.about, now);
      return claim(sql, order, now);
    });
  }

  claimOne(taskId: string): SingleClaimGrant {
    return this.#write((sql, now) => {
      this.#advance(sql, now);
      return claimOne(sql, taskId, now);
    });
  }

  heartbeat(leases: readonly LeaseBeat[]): HeartbeatResult {
    return this.#write((sql, now) => heartbeat(sql, leases, now, this.#sources.random));
  }

  settle(reports: readonly SettleReport[]): SettleOutcome[] {
    return this.#write((sql, now) => settle(sql, reports, now, this.#sources.random));
  }

  settleUnfenced(report: UnfencedReport): UnfencedOutcome {
    return this.#write((sql, now) => settleUnfenced(sql, report, now, this.#sources.random));
  }

  release(leaseId: string, taskIds: readonly string[], delayMs = 0): string[] {
    return this.#write((sql, now) => release(sql, leaseId, taskIds, delayMs, now));
  }

  releaseLease(leaseId: string): string[] {
    return this.#write((sql, now) => releaseLease(sql, leaseId, now));
  }

  cancel(taskId: string): CancelOutcome {
    return this.#write((sql, now) => cancel(sql, taskId, now));
  }

  retry(taskId: string): RetryOutcome {
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

  /** What changes with a task, as `versionOf` has it; null where the ledger does not hold it. */
  version(taskId: string): string | null {
    return version(this.#sql, taskId);
  }

  list(filter: ListFilter): TaskPage {
    return page(this.#sql, filter);
  }

  ready(limit: number): WorkRow[] {
    return ready(this.#sql, limit);
  }

  /** How many tasks of these types may be claimed, counted up to `limit`. */
  countReady(types: Hunger['types'], limit: number): number {
    const wanted = types === ANY_TYPE ? readyTypes(this.#sql) : types;
    return countReady(this.#sql, withoutPaused(this.#sql, wanted), limit);
  }

  alive(limit: number): WorkRow[] {
    return alive(this.#sql, limit);
  }

  reserve(key: string, bodyHash: string, submission: string): Reservation {
    return this.#write((sql, now) => reserve(sql, key, bodyHash, submission, now));
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

  closable(endedBefore: number, limit: number): string[] {
    const { windows, next } = closable(this.#sql, endedBefore, limit, this.#lookFrom, this.#sources.now());
    this.#lookFrom = next;
    return windows;
  }

  seal(window: string, endedBefore: number): boolean {
    return this.#write((sql, now) => seal(sql, window, endedBefore, now));
  }

  openSeals(limit: number): OpenSeal[] {
    return openSeals(this.#sql, limit, this.#sources.now());
  }

  archivePage(window: string, after: string, maxBytes: number): ArchivePage {
    return archivePage(this.#sql, window, after, maxBytes);
  }

  markArchived(window: string): void {
    this.#write((sql, now) => markArchived(sql, window, now));
  }

  purge(window: string): void {
    this.#write((sql, now) => purge(sql, window, now));
  }

  /** Hands out no task of a type until it is resumed. */
  pause(type: string): void {
    this.#write((sql, now) => pause(sql, type, now));
  }

  resume(type: string): void {
    this.#write((sql) => resume(sql, type));
  }

  /** @param connected the runners that have a wake socket open. */
  runners(connected: ReadonlySet<string>): RunnerView[] {
    return listRunners(this.#sql, connected, this.#sources.now());
  }

  /** A runner has closed its wake socket. */
  dismissRunner(name: string): void {
    this.#write((sql) => dismissRunner(sql, name));
  }

  /** @param runners what {@link runners} answered. */
  stats(runners: readonly RunnerView[]): QueueStats {
    const handled = new Set(
      runners.flatMap(({ types = [], tasks }) => [...types, ...tasks.map(({ type }) => type)]),
    );
    return stats(this.#sql, handled, this.#sources.now());
  }

  /** Does what time alone brings about; due at {@link nextTickAt}. */
  tick(): void {
    this.#write((sql, now) => this.#advance(sql, now));
  }

  /** When the next lease expires or the next scheduled task is due, in Unix milliseconds. */
  nextTickAt(): number | null {
    if (this.#backfilling) return this.#sources.now();
    const times = [nextExpiry(this.#sql), nextRunAt(this.#sql)].filter((at) => at !== null);
    return times.length === 0 ? null : Math.min(...times);
  }

  #advance(sql: Store, now: number): void {
    if (this.#backfilling) this.#backfilling = backfillNext(sql);
    takeBackExpired(sql, now, this.#sources.random);
    promoteDue(sql, now);
    this.#forgetting.next(sql, now);
    if (now - this.#forgotAt >= FORGET_EVERY_MS) {
      this.#forgetting.start();
      this.#forgetting.next(sql, now);
      forgetRunners(this.#sql, now);
      forgetStats(this.#sql, now);
      this.#forgotAt = now;
    }
  }

  #write<Result>(body: (sql: Store, now: number) => Result): Result {
    const { exec, transaction } = this.#sql;
    const takenBack: TakenBack[] = [];
    const result = transaction(() => {
      const now = this.#sources.now();
      const tally = new Tally();
      const answer = body({ exec, transaction, tally, takenBack }, now);
      tally.write(this.#sql, now);
      return answer;
    });
    for (const taken of takenBack) this.#sources.onTakenBack?.(taken);
    return result;
  }
}
