import type { ReadBudget } from '../platform/payloads.ts';
import { LARGE_RECORD_BYTES } from '../platform/records.ts';

/** A claim fetches no more from records than this, the last of them read to its end; smaller parts are not counted. */
const MAX_RECORDS = 4;
const MAX_BYTES = 40 * 1024 * 1024;
/** After this time it answers with what it has. */
const MAX_MS = 3000;

/** What one claim may read yet. A claim always reads its first record, so each makes progress. */
export class ClaimReads implements ReadBudget {
  readonly #now: () => number;
  readonly #until: number;
  #records = 0;
  #bytes = 0;

  constructor(now = Date.now) {
    this.#now = now;
    this.#until = now() + MAX_MS;
  }

  remainingMs(): number {
    if (this.#records >= MAX_RECORDS || this.#bytes >= MAX_BYTES) return 0;
    return Math.max(0, this.#until - this.#now());
  }

  spend(bytes: number): void {
    if (bytes <= LARGE_RECORD_BYTES) return;
    this.#records += 1;
    this.#bytes += bytes;
  }
}
