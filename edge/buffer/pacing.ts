/** Up to this many claims and reports a second a ledger asks for no pause. */
export const DEFAULT_CALLS_PER_SECOND = 100;

/** A shorter pause saves nothing. */
const MIN_SPACE_MS = 20;
const MAX_SPACE_MS = 2000;

/** How long calls are counted before the pause is set again. */
const COUNT_MS = 1000;

/**
 * The pause to ask for, so that callers who keep it come down to a rate. It grows and shrinks with the load that
 * was measured under the pause before; without load it is 0 again.
 *
 * @param spaceMs the pause that was asked for while the load was measured.
 * @param load the calls a second that were measured, as a multiple of the rate.
 */
export function nextSpace(spaceMs: number, load: number): number {
  if (spaceMs === 0 && load <= 1) return 0;
  const next = Math.round(Math.max(spaceMs, MIN_SPACE_MS) * load);
  return next < MIN_SPACE_MS ? 0 : Math.min(MAX_SPACE_MS, next);
}

/**
 * The pause between calls of one kind that a busy ledger asks runners for. Counts only the calls of those who
 * keep it: claims and reports.
 */
export class Pacing {
  readonly #callsPerSecond: number;
  #spaceMs = 0;
  #calls = 0;
  #since = Number.NEGATIVE_INFINITY;

  /** @param callsPerSecond up to this rate no pause is asked for. */
  constructor(callsPerSecond = DEFAULT_CALLS_PER_SECOND) {
    this.#callsPerSecond = callsPerSecond;
  }

  /**
   * Counts a call.
   *
   * @param now Unix milliseconds.
   * @returns the pause to answer it with, in milliseconds; undefined: none.
   */
  count(now: number): number | undefined {
    const elapsed = now - this.#since;
    if (elapsed >= COUNT_MS) {
      // After a silence that no pause explains the load is a new one.
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
