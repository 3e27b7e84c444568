import type { Busy } from '../contract/ledger/tasks.ts';

/** After this time a call is taken for gone: its client has hung up, and then nothing of it runs any more. */
const GONE_AFTER_MS = 10_000;
const LOOK_EVERY_MS = 20;
const MAX_WAIT_MS = 5000;

interface Sources {
  /** Unix milliseconds. */
  now(): number;
  wait(ms: number): Promise<unknown>;
}

/**
 * Runs one call at a time of all requests that a worker serves together. A request must not wait for what another
 * one does, which may end without a trace: it looks again and again.
 */
export class OneAtATime {
  readonly #sources: Sources;
  #runningSince = Number.NEGATIVE_INFINITY;

  constructor(
    sources: Sources = { now: Date.now, wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) },
  ) {
    this.#sources = sources;
  }

  /** Runs a call when no other one runs; `busy` if that takes longer than `maxWaitMs`, five seconds unless given. */
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
