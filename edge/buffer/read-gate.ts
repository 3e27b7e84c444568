import type { Busy } from '../contract/ledger/tasks.ts';

/** If this many reads wait, a further read is refused, because it would wait for seconds. */
const MAX_WAITING = 64;

/** The calls take at most 1/PARTS of the ledger's time. */
const PARTS = 4;

/** The clock of the gate. */
export interface GateSources {
  /** Unix milliseconds. */
  now(): number;
  /** Resolves after some milliseconds, and after events that have arrived meanwhile have run. */
  sleep(ms: number): Promise<void>;
}

const SOURCES: GateSources = {
  now: Date.now,
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

/**
 * Runs one large call at a time, in order of arrival. A Durable Object also runs events in order of arrival, so
 * without the gate, several reads that arrive together would all delay a claim. With the gate, other events run
 * between two reads. After each read the gate stays closed for a multiple of the time that the read took, so that
 * a claim can finish all its steps before the next read.
 */
export class ReadGate {
  readonly #sources: GateSources;
  readonly #waiting: (() => void)[] = [];
  #open = true;

  constructor(sources = SOURCES) {
    this.#sources = sources;
  }

  /** Runs a call when its turn comes. Returns `busy` if too many calls are waiting. */
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

  /** Cloudflare's clock does not advance during a computation, so the first sleep lets it advance. */
  async #openAfter(startedAt: number): Promise<void> {
    await this.#sources.sleep(0);
    await this.#sources.sleep((PARTS - 1) * (this.#sources.now() - startedAt));
    const next = this.#waiting.shift();
    if (next) next();
    else this.#open = true;
  }
}
