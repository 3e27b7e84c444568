import type { Busy } from '../contract/ledger/tasks.ts';

/** Above this many, a read is refused: the last of them would wait for seconds. */
const MAX_WAITING = 64;

/** The calls take one part of this many of the ledger's time. */
const PARTS = 4;

/** What the gate takes from outside. */
export interface GateSources {
  /** Unix milliseconds. */
  now(): number;
  /** Resolves after some milliseconds, and no sooner than what has arrived meanwhile has run. */
  sleep(ms: number): Promise<void>;
}

const SOURCES: GateSources = {
  now: Date.now,
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

/**
 * Lets through one large call at a time, in order of arrival. A Durable Object runs what arrives in order of
 * arrival too, so reads that came together would delay a claim by all of them. Here what has arrived runs between
 * two of them, and after each the gate stays closed for a multiple of the time that it took: a claim has several
 * steps, and finds time for all of them before the next call.
 */
export class ReadGate {
  readonly #sources: GateSources;
  readonly #waiting: (() => void)[] = [];
  #open = true;

  constructor(sources = SOURCES) {
    this.#sources = sources;
  }

  /** Runs a call when its turn has come; `busy` if too many wait already. */
  async pass<Answer>(call: () => Answer): Promise<Answer | Busy> {
    if (this.#open) this.#open = false;
    else if (this.#waiting.length >= MAX_WAITING) return { busy: true };
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    const startedAt = this.#sources.now();
    try {
      return call();
    } finally {
      void this.#openAfter(startedAt);
    }
  }

  /** The clock stands still while a call computes: it moves on once others have run. */
  async #openAfter(startedAt: number): Promise<void> {
    await this.#sources.sleep(0);
    await this.#sources.sleep((PARTS - 1) * (this.#sources.now() - startedAt));
    const next = this.#waiting.shift();
    if (next) next();
    else this.#open = true;
  }
}
