import type { FoundSchedule, SchedulePage, ScheduleRuns } from '../../../contract/ledger/schedules.ts';
import type { Sql } from '../store/sql.ts';
import type { Store } from '../store/store.ts';
import {
  backfillSchedule,
  deleteSchedule,
  findSchedule,
  listSchedules,
  pauseSchedule,
  putSchedule,
  resumeSchedule,
  runSchedule,
} from './schedules.ts';

type Write = <Result>(body: (sql: Store, now: number) => Result) => Result;

/** The schedules of a ledger. Like its other calls, each is one synchronous transaction. */
export class LedgerSchedules {
  readonly #sql: Sql;
  readonly #write: Write;

  constructor(sql: Sql, write: Write) {
    this.#sql = sql;
    this.#write = write;
  }

  /**
   * @param settings `ScheduleSettings` without the payload, as JSON text.
   * @param payload JSON text; null if the settings have none.
   */
  put(name: string, settings: string, payload: string | null = null) {
    return this.#write((sql, now) => putSchedule(sql, name, settings, payload, now));
  }

  find(name: string): FoundSchedule {
    return findSchedule(this.#sql, name);
  }

  list(after: string, limit: number): SchedulePage {
    return listSchedules(this.#sql, after, limit);
  }

  delete(name: string): boolean {
    return this.#write((sql) => deleteSchedule(sql, name));
  }

  pause(name: string): FoundSchedule {
    return this.#write((sql, now) => pauseSchedule(sql, name, now));
  }

  resume(name: string): FoundSchedule {
    return this.#write((sql, now) => resumeSchedule(sql, name, now));
  }

  /** @param key the same key and time again are the same task. */
  run(name: string, plannedAt: number, key: string): ScheduleRuns {
    return this.#write((sql, now) => runSchedule(sql, name, plannedAt, key, now));
  }

  backfill(name: string, plannedAts: readonly number[], requestedAt: number): ScheduleRuns {
    return this.#write((sql, now) => backfillSchedule(sql, name, plannedAts, requestedAt, now));
  }
}
