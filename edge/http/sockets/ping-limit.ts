/** Clients ping every 10 seconds or more rarely. A slow network may deliver several pings together. */
const PERIOD_MS = 10_000;
const MOST = 10;

/** Counts the pings of a socket. */
export class PingLimit {
  #count = 0;
  #endsAt = 0;

  /** Whether one more ping at `now`, in Unix milliseconds, is within the limit. */
  isAllowed(now: number): boolean {
    if (now >= this.#endsAt) {
      this.#count = 0;
      this.#endsAt = now + PERIOD_MS;
    }
    this.#count += 1;
    return this.#count <= MOST;
  }
}
