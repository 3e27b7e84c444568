import { addEndedWindows } from './archive/ended-windows.ts';
import { continueQueues } from './schedules/due.ts';
import { Counters } from './store/counters.ts';
import type { Sql } from './store/sql.ts';
import type { Store, TakenBack } from './store/store.ts';

const MAX_KNOWN_WINDOWS = 10_000;

/** The ledger's sources of time and random numbers, and its listeners. */
export interface LedgerSources {
  /** Unix milliseconds. */
  now(): number;
  /** A number from 0 to 1, 1 excluded. */
  random(): number;
  /** Called for each lease from which tasks were taken back. */
  onTakenBack?(taken: TakenBack): void;
  /** Whether a runner has an open wake socket. Such a runner is not deleted. */
  isConnected?(runner: string): boolean;
  /** Whether there is no capacity for more tasks. Then schedules wait. */
  isFull?(): boolean;
  /** Called after a call that made tasks ready, with the number of additional ready tasks of each type. */
  onReady?(types: ReadonlyMap<string, number>): void;
}

/** Runs each call of the ledger in one transaction, together with its changes to the counters. */
export class Transactions {
  readonly #sql: Sql;
  readonly #sources: LedgerSources;
  readonly #onSchedulesDue: () => void;
  /** Windows that are already in the `ended_windows` table. */
  readonly #endedWindows = new Set<string>();

  /** @param onSchedulesDue called when a call has made schedules due. */
  constructor(sql: Sql, sources: LedgerSources, onSchedulesDue: () => void) {
    this.#sql = sql;
    this.#sources = sources;
    this.#onSchedulesDue = onSchedulesDue;
  }

  /** Commits the writes of `body`, then notifies the listeners. If `body` throws, nothing is written. */
  write<Result>(body: (sql: Store, now: number) => Result): Result {
    const { exec, transaction } = this.#sql;
    const takenBack: TakenBack[] = [];
    const endedWindows = new Set<string>();
    const endedRuns = new Set<string>();
    const counters = new Counters();
    const result = transaction(() => {
      const now = this.#sources.now();
      const store: Store = { exec, transaction, counters, takenBack, endedWindows, endedRuns };
      const answer = body(store, now);
      if (continueQueues(store, now)) this.#onSchedulesDue();
      counters.write(this.#sql, now);
      addEndedWindows(this.#sql, endedWindows.difference(this.#endedWindows), now);
      return answer;
    });
    this.#noteWindows(endedWindows);
    for (const taken of takenBack) this.#sources.onTakenBack?.(taken);
    const ready = counters.madeReady();
    if (ready.size > 0) this.#sources.onReady?.(ready);
    return result;
  }

  /** Call this when a window is sealed, because tasks that end later belong to its next archive round. */
  forgetWindow(window: string): void {
    this.#endedWindows.delete(window);
  }

  #noteWindows(windows: ReadonlySet<string>): void {
    if (this.#endedWindows.size > MAX_KNOWN_WINDOWS) this.#endedWindows.clear();
    for (const window of windows) this.#endedWindows.add(window);
  }
}
