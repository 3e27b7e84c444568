import { continueQueues, nextDueAt, runDue } from './schedules/due.ts';
import { forgetRunners } from './stats/runners.ts';
import { forgetMinutes } from './stats/stats.ts';
import { Forgetting } from './store/forget.ts';
import { backfillNext, isBackfilling } from './store/migrations.ts';
import type { Sql } from './store/sql.ts';
import type { Store } from './store/store.ts';
import { nextExpiry, takeBackExpired } from './tasks/leases.ts';
import { nextRunAt, promoteDue } from './tasks/ready-queue.ts';
import type { LedgerSources } from './transactions.ts';

const FORGET_EVERY_MS = 600_000;
/** How long schedules wait before they try again to insert into a full ledger. */
const FULL_RETRY_MS = 10_000;

/**
 * The changes that depend only on time: leases expire, scheduled tasks and schedules
 * become due, and old rows are deleted.
 */
export class TimeSteps {
  readonly #sql: Sql;
  readonly #sources: LedgerSources;
  /** Whether an upgrade has rows left to change. */
  #backfilling: boolean;
  readonly #forgetting = new Forgetting();
  #forgotAt = 0;
  /** When the next schedule is due; null if none is; undefined if it must be read. */
  #scheduleDueAt: number | null | undefined;

  constructor(sql: Sql, sources: LedgerSources) {
    this.#sql = sql;
    this.#sources = sources;
    this.#backfilling = isBackfilling(sql);
  }

  /** Takes a bounded portion of each step that is due. */
  take(sql: Store, now: number): void {
    if (this.#backfilling) backfillNext(sql);
    takeBackExpired(sql, now, this.#sources.random);
    promoteDue(sql, now);
    this.#runSchedules(sql, now);
    // A claim that follows in the same call must see the tasks that this inserts.
    if (continueQueues(sql, now)) this.noteSchedules();
    this.#forgetting.next(sql, now);
    if (now - this.#forgotAt < FORGET_EVERY_MS) return;
    this.#forgetting.start();
    this.#forgetting.next(sql, now);
    forgetRunners(sql, now);
    forgetMinutes(sql, now);
    this.#forgotAt = now;
  }

  /** Call this after a change of schedules. */
  noteSchedules(): void {
    this.#scheduleDueAt = undefined;
  }

  #runSchedules(sql: Store, now: number): void {
    const dueAt = this.#nextScheduleAt();
    if (dueAt === null || dueAt > now) return;
    if (this.#sources.isFull?.()) {
      this.#scheduleDueAt = now + FULL_RETRY_MS;
      return;
    }
    // If the call fails, its changes are undone: then the time is read again.
    this.noteSchedules();
    runDue(sql, now);
  }

  #nextScheduleAt(): number | null {
    if (this.#scheduleDueAt === undefined) this.#scheduleDueAt = nextDueAt(this.#sql);
    return this.#scheduleDueAt;
  }

  /** Call this after each commit, which may have changed the last row of an upgrade. */
  noteCommit(): void {
    if (this.#backfilling) this.#backfilling = isBackfilling(this.#sql);
  }

  /** When the next step is due, in Unix milliseconds; null if none is. */
  nextAt(): number | null {
    if (this.#backfilling) return this.#sources.now();
    const times = [nextExpiry(this.#sql), nextRunAt(this.#sql), this.#nextScheduleAt()].filter(
      (at) => at !== null,
    );
    return times.length === 0 ? null : Math.min(...times);
  }
}
