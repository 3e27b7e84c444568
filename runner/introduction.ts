import type { RunnerAbout } from '../edge/contract/buffer.ts';
import { MAX_WANTED_TYPES } from '../edge/contract/limits.ts';
import type { Catalog } from './catalog.ts';
import type { RunnerOptions } from './options.ts';

const REPEAT_MS = 30_000;

/** What a runner tells of itself; of its types as many as the contract takes. */
export function aboutRunner(
  { threads, ioConcurrency }: Pick<RunnerOptions, 'threads' | 'ioConcurrency'>,
  catalog: Catalog,
  startedAt: Date,
): RunnerAbout {
  const types = [...catalog.keys()].slice(0, MAX_WANTED_TYPES);
  return { startedAt: startedAt.toISOString(), threads, ioConcurrency, types };
}

/**
 * Says which claims tell about the runner: the first; the next one when 30 s have passed since one that did
 * was answered; and the first after {@link renew}. Times are milliseconds of one monotonic clock.
 */
export class Introduction {
  readonly #about: RunnerAbout;
  #answeredAt = Number.NEGATIVE_INFINITY;
  #renewedAt = Number.NEGATIVE_INFINITY;

  constructor(about: RunnerAbout) {
    this.#about = about;
  }

  /** What a claim that is sent now is to tell. */
  at(now: number): RunnerAbout | undefined {
    return now - this.#answeredAt >= REPEAT_MS ? this.#about : undefined;
  }

  /** A claim that told was answered. */
  answered(sentAt: number, now: number): void {
    if (sentAt >= this.#renewedAt) this.#answeredAt = now;
  }

  /** Whoever was told may have forgotten; a claim that is under way does not count. */
  renew(now: number): void {
    this.#renewedAt = now;
    this.#answeredAt = Number.NEGATIVE_INFINITY;
  }
}
