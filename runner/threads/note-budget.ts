// Saved before any task module is loaded, so tasks cannot replace these functions.
const { max, min } = Math;

interface Amount {
  readonly lines: number;
  readonly bytes: number;
}

/** How much may be written at once, and how much more per second. */
export interface NoteLimits {
  readonly burst: Amount;
  readonly perSecond: Amount;
}

/** For the log of one task. */
export const LOG_LIMITS: NoteLimits = {
  burst: { lines: 1000, bytes: 2 ** 20 },
  perSecond: { lines: 100, bytes: 100 * 1024 },
};

/** For what jobs leave behind, and for messages to nobody. */
export const STRAY_LIMITS: NoteLimits = {
  burst: { lines: 20, bytes: 0 },
  perSecond: { lines: 1, bytes: 0 },
};

/** The limit as text, for authors whose lines are dropped. */
export const LOG_RULE = `a task may write ${LOG_LIMITS.burst.lines} lines or 1 MB at once, then ${LOG_LIMITS.perSecond.lines} lines or 100 KB a second`;

/** Limits log output so that it does not keep the main thread busy. Times are in milliseconds. */
export class NoteBudget {
  readonly #limits: NoteLimits;
  #lines: number;
  #bytes: number;
  #at: number;
  #dropped = 0;

  constructor(limits: NoteLimits, now: number) {
    this.#limits = limits;
    this.#lines = limits.burst.lines;
    this.#bytes = limits.burst.bytes;
    this.#at = now;
  }

  /** How many lines were refused. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Whether a line of this length may be written now. */
  take(bytes: number, now: number): boolean {
    const seconds = max(0, now - this.#at) / 1000;
    this.#at = now;
    const { burst, perSecond } = this.#limits;
    this.#lines = min(burst.lines, this.#lines + seconds * perSecond.lines);
    this.#bytes = min(burst.bytes, this.#bytes + seconds * perSecond.bytes);
    if (this.#lines < 1 || this.#bytes < bytes) {
      this.#dropped += 1;
      return false;
    }
    this.#lines -= 1;
    this.#bytes -= bytes;
    return true;
  }
}
