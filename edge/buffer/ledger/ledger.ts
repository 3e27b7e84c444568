import type {
  ClaimGrant,
  ClaimOrder,
  HeartbeatResult,
  LeaseBeat,
  ListFilter,
  NewTask,
  SettleOutcome,
  SettleReport,
  SingleClaimGrant,
  TaskPage,
  TaskRow,
  UnfencedOutcome,
  UnfencedReport,
  WorkRow,
} from '../../contract/ledger.ts';
import { claim, claimOne } from './claim.ts';
import { insert } from './insert.ts';
import { forgetEnded, heartbeat, nextExpiry, release, takeBackExpired } from './leases.ts';
import { alive, find, list, ready } from './read.ts';
import { createSchema } from './schema.ts';
import { settle, settleUnfenced } from './settle.ts';
import type { Sql } from './sql.ts';
import { nextRunAt, promoteDue } from './waiting.ts';

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
 */
export class Ledger {
  readonly #sql: Sql;
  readonly #sources: LedgerSources;
  #forgotAt = 0;

  constructor(sql: Sql, sources: LedgerSources) {
    this.#sql = sql;
    this.#sources = sources;
    sql.transaction(() => createSchema(sql));
  }

  insert(tasks: readonly NewTask[]): void {
    this.#write((now) => insert(this.#sql, tasks, now));
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

  release(leaseId: string, taskIds: readonly string[]): string[] {
    return this.#write((now) => release(this.#sql, leaseId, taskIds, now));
  }

  find(taskId: string): TaskRow | null {
    return find(this.#sql, taskId);
  }

  list(filter: ListFilter): TaskPage {
    return list(this.#sql, filter);
  }

  ready(limit: number): WorkRow[] {
    return ready(this.#sql, limit);
  }

  alive(limit: number): WorkRow[] {
    return alive(this.#sql, limit);
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
      this.#forgotAt = now;
    }
  }

  #write<Result>(body: (now: number) => Result): Result {
    return this.#sql.transaction(() => body(this.#sources.now()));
  }
}
