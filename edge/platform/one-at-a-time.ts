import type { Busy } from '../contract/ledger/tasks.ts';

/** After this time a call is considered gone: its client has disconnected, and then its code no longer runs. */
const GONE_AFTER_MS = 10_000;
const LOOK_EVERY_MS = 20;
const MAX_WAIT_MS = 5000;

interface Sources {
  /** Unix milliseconds. */
  now(): number;
  wait(ms: number): Promise<unknown>;
}

/**
 * Runs one call at a time across all requests of a worker. A request must not wait for a promise of another
 * request, because that request may end without settling it. So a waiting call polls.
 */
export class OneAtATime {
  readonly #sources: Sources;
  #runningSince = Number.NEGATIVE_INFINITY;

  constructor(
    sources: Sources = { now: Date.now, wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) },
  ) {
    this.#sources = sources;
  }

  /** Runs a call when no other call runs. Returns `busy` if it must wait longer than `maxWaitMs`. */
  async run<Answer>(call: () => Promise<Answer>, maxWaitMs = MAX_WAIT_MS): Promise<Answer | Busy> {
    const { now, wait } = this.#sources;
    const until = now() + maxWaitMs;
    while (now() - this.#runningSince < GONE_AFTER_MS) {
      if (now() >= until) return { busy: true };
      await wait(LOOK_EVERY_MS);
    }
    const startedAt = now();
    this.#runningSince = startedAt;
    try {
      return await call();
    } finally {
      if (this.#runningSince === startedAt) this.#runningSince = Number.NEGATIVE_INFINITY;
    }
  }
}
