/** Up to this many claims and reports per second, a ledger asks for no pause. */
export const DEFAULT_CALLS_PER_SECOND = 100;

/** A shorter pause would not reduce the load. */
const MIN_SPACE_MS = 20;
const MAX_SPACE_MS = 2000;

/** How long calls are counted before the pause is set again. */
const COUNT_MS = 1000;

/**
 * The pause that brings callers down to the rate if they keep it. It grows and shrinks with the load that was
 * measured under the last pause. Without load it becomes 0.
 *
 * @param spaceMs the pause that was requested while the load was measured.
 * @param load the measured calls per second, as a multiple of the rate.
 */
export function nextSpace(spaceMs: number, load: number): number {
  if (spaceMs === 0 && load <= 1) return 0;
  const next = Math.round(Math.max(spaceMs, MIN_SPACE_MS) * load);
  return next < MIN_SPACE_MS ? 0 : Math.min(MAX_SPACE_MS, next);
}

/**
 * Computes the pause that a busy ledger asks runners to make between calls of one kind. Only claims and reports
 * count, because only these calls keep the pause.
 */
export class Pacing {
  readonly #callsPerSecond: number;
  #spaceMs = 0;
  #calls = 0;
  #since = Number.NEGATIVE_INFINITY;

  /** @param callsPerSecond up to this rate the ledger asks for no pause. */
  constructor(callsPerSecond = DEFAULT_CALLS_PER_SECOND) {
    this.#callsPerSecond = callsPerSecond;
  }

  /**
   * Counts a call.
   *
   * @param now Unix milliseconds.
   * @returns the pause for the response, in milliseconds; undefined for no pause.
   */
  count(now: number): number | undefined {
    const elapsed = now - this.#since;
    if (elapsed >= COUNT_MS) {
      // After a silence that is longer than any pause, the load is measured from zero.
      const idle = elapsed > COUNT_MS + MAX_SPACE_MS;
      const rate = (this.#calls * 1000) / elapsed;
      this.#spaceMs = idle ? 0 : nextSpace(this.#spaceMs, rate / this.#callsPerSecond);
      this.#calls = 0;
      this.#since = now;
    }
    this.#calls += 1;
    return this.#spaceMs || undefined;
  }
}
