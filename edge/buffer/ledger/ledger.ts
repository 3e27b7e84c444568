import type {
  ArchivePage,
  CancelOutcome,
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
  RetryPage,
  SettleOutcome,
  SettleReport,
  SingleClaimGrant,
  SubmissionCount,
  TaskPage,
  UnfencedOutcome,
  UnfencedReport,
  WorkRow,
} from '../../contract/ledger.ts';
import { cancel } from './cancel.ts';
import { claim, claimOne } from './claim.ts';
import { forgetKeys, markAccepted, reserve } from './idempotency.ts';
import { insert, insertFailed } from './insert.ts';
import { forgetEnded, heartbeat, nextExpiry, release, takeBackExpired } from './leases.ts';
import { alive, find, page, ready, version } from './read.ts';
import { retry, retryMany } from './retry.ts';
import { createSchema } from './schema.ts';
import { archivePage, closable, incomplete, markArchived, openSeals, purge, seal } from './seals.ts';
import { settle, settleUnfenced } from './settle.ts';
import type { Sql } from './sql.ts';
import { markSwept, sweptWindow } from './swept.ts';
import { countReady, nextRunAt, promoteDue, readyTypes } from './waiting.ts';
import { ANY_TYPE, type Hunger } from './waker.ts';

const FORGET_EVERY_MS = 600_000;

/** Where the ledger takes time and chance from. */
export interface LedgerSources {
  /** Unix milliseconds. */
  now(): number;
  /** A number from 0 to 1, 1 excluded. */
  random(): number;
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
  #forgotAt = 0;
  /** Where the look for closable windows goes on, lest windows that are held back hide all later ones. */
  #lookFrom = '';

  constructor(sql: Sql, sources: LedgerSources) {
    this.#sql = sql;
    this.#sources = sources;
    sql.transaction(() => createSchema(sql));
  }

  insert(tasks: readonly NewTask[]): void {
    this.#write((now) => insert(this.#sql, tasks, now));
  }

  insertFailed(task: RefusedTask): void {
    this.#write((now) => insertFailed(this.#sql, task, now));
  }

  claim(order: ClaimOrder): ClaimGrant {
    return this.#write((now) => {
      this.#advance(now);
      return claim(this.#sql, order, now);
    });
  }

  claimOne(taskId: string): SingleClaimGrant {
    return this.#write((now) => {
      this.#advance(now);
      return claimOne(this.#sql, taskId, now);
    });
  }

  heartbeat(leases: readonly LeaseBeat[]): HeartbeatResult {
    return this.#write((now) => heartbeat(this.#sql, leases, now, this.#sources.random));
  }

  settle(reports: readonly SettleReport[]): SettleOutcome[] {
    return this.#write((now) => settle(this.#sql, reports, now, this.#sources.random));
  }

  settleUnfenced(report: UnfencedReport): UnfencedOutcome {
    return this.#write((now) => settleUnfenced(this.#sql, report, now, this.#sources.random));
  }

  release(leaseId: string, taskIds: readonly string[], delayMs = 0): string[] {
    return this.#write((now) => release(this.#sql, leaseId, taskIds, delayMs, now));
  }

  cancel(taskId: string): CancelOutcome {
    return this.#write((now) => cancel(this.#sql, taskId, now));
  }

  retry(taskId: string): RetryOutcome {
    return this.#write((now) => retry(this.#sql, taskId, now));
  }

  retryMany(filter: RetryFilter): RetryPage {
    return this.#write((now) => retryMany(this.#sql, filter, now));
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

  /** How many tasks of these types are ready, counted up to `limit`. */
  countReady(types: Hunger['types'], limit: number): number {
    return countReady(this.#sql, types === ANY_TYPE ? readyTypes(this.#sql) : types, limit);
  }

  alive(limit: number): WorkRow[] {
    return alive(this.#sql, limit);
  }

  reserve(key: string, bodyHash: string, submission: string): Reservation {
    return this.#write((now) => reserve(this.#sql, key, bodyHash, submission, now));
  }

  markAccepted(key: string, submission: string): void {
    this.#write(() => markAccepted(this.#sql, key, submission));
  }

  incomplete(submissions: readonly SubmissionCount[]): string[] {
    return incomplete(this.#sql, submissions);
  }

  sweptWindow(): string | null {
    return sweptWindow(this.#sql);
  }

  markSwept(window: string): void {
    this.#write(() => markSwept(this.#sql, window));
  }

  closable(endedBefore: number, limit: number): string[] {
    const { windows, next } = closable(this.#sql, endedBefore, limit, this.#lookFrom, this.#sources.now());
    this.#lookFrom = next;
    return windows;
  }

  seal(window: string, endedBefore: number): boolean {
    return this.#write((now) => seal(this.#sql, window, endedBefore, now));
  }

  openSeals(limit: number): OpenSeal[] {
    return openSeals(this.#sql, limit, this.#sources.now());
  }

  archivePage(window: string, after: string, maxBytes: number): ArchivePage {
    return archivePage(this.#sql, window, after, maxBytes);
  }

  markArchived(window: string): void {
    this.#write((now) => markArchived(this.#sql, window, now));
  }

  purge(window: string): void {
    this.#write((now) => purge(this.#sql, window, now));
  }

  /** Does what time alone brings about; due at {@link nextTickAt}. */
  tick(): void {
    this.#write((now) => this.#advance(now));
  }

  /** When the next lease expires or the next scheduled task is due, in Unix milliseconds. */
  nextTickAt(): number | null {
    const times = [nextExpiry(this.#sql), nextRunAt(this.#sql)].filter((at) => at !== null);
    return times.length === 0 ? null : Math.min(...times);
  }

  #advance(now: number): void {
    takeBackExpired(this.#sql, now, this.#sources.random);
    promoteDue(this.#sql, now);
    if (now - this.#forgotAt >= FORGET_EVERY_MS) {
      forgetEnded(this.#sql, now);
      forgetKeys(this.#sql, now);
      this.#forgotAt = now;
    }
  }

  #write<Result>(body: (now: number) => Result): Result {
    return this.#sql.transaction(() => body(this.#sources.now()));
  }
}
