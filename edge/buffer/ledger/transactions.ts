import { addEndedWindows } from './archive/ended-windows.ts';
import { Counters } from './store/counters.ts';
import type { Sql } from './store/sql.ts';
import type { Store, TakenBack } from './store/store.ts';

const MAX_KNOWN_WINDOWS = 10_000;

/** Where the ledger gets time and randomness from, and whom it notifies. */
export interface LedgerSources {
  /** Unix milliseconds. */
  now(): number;
  /** A number from 0 to 1, 1 excluded. */
  random(): number;
  /** Called for each lease that tasks were taken back from. */
  onTakenBack?(taken: TakenBack): void;
  /** Whether a runner has a wake socket open: such a runner is not forgotten. */
  isConnected?(runner: string): boolean;
  /** Called after a call that made tasks ready, with the types that have more of them, and how many more. */
  onReady?(types: ReadonlyMap<string, number>): void;
}

/** Runs calls of the ledger, each in one transaction, with the counters that it changes. */
export class Transactions {
  readonly #sql: Sql;
  readonly #sources: LedgerSources;
  /** Windows that are in the list of those in which tasks have ended. */
  readonly #endedWindows = new Set<string>();

  constructor(sql: Sql, sources: LedgerSources) {
    this.#sql = sql;
    this.#sources = sources;
  }

  /** Commits what `body` writes, then notifies of what it changed; if it throws, nothing is written. */
  write<Result>(body: (sql: Store, now: number) => Result): Result {
    const { exec, transaction } = this.#sql;
    const takenBack: TakenBack[] = [];
    const endedWindows = new Set<string>();
    const counters = new Counters();
    const result = transaction(() => {
      const now = this.#sources.now();
      const answer = body({ exec, transaction, counters, takenBack, endedWindows }, now);
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

  /** The window was sealed: tasks that end in it from now on belong to its next archive round. */
  forgetWindow(window: string): void {
    this.#endedWindows.delete(window);
  }

  #noteWindows(windows: ReadonlySet<string>): void {
    if (this.#endedWindows.size > MAX_KNOWN_WINDOWS) this.#endedWindows.clear();
    for (const window of windows) this.#endedWindows.add(window);
  }
}
