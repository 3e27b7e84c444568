import type { RunnerAbout, StuckThread } from '../../edge/contract/buffer.ts';
import { MAX_SHOWN_TASKS, MAX_WANTED_TYPES } from '../../edge/contract/limits.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { LaneLoad } from '../execution/lane.ts';
import type { RunnerOptions } from '../options.ts';
import type { Lane as LaneName } from '../task.ts';

const REPEAT_MS = 30_000;

/** The description of a runner, with up to as many types and stuck threads as the contract allows. */
export function aboutRunner(
  { threads, ioConcurrency }: Pick<RunnerOptions, 'threads' | 'ioConcurrency'>,
  catalog: Catalog,
  startedAt: Date,
  stuck: readonly StuckThread[] = [],
): RunnerAbout {
  const types = [...catalog.keys()].slice(0, MAX_WANTED_TYPES);
  const about = { startedAt: startedAt.toISOString(), threads, ioConcurrency, types };
  return stuck.length === 0 ? about : { ...about, stuck: stuck.slice(0, MAX_SHOWN_TASKS) };
}

/** The stuck threads of all lanes, the longest stuck first. */
export function stuckThreads(lanes: ReadonlyMap<LaneName, Pick<LaneLoad, 'stuck'>>): StuckThread[] {
  const all = [...lanes].flatMap(([lane, { stuck }]) => stuck.map((thread) => ({ lane, ...thread })));
  return all
    .sort((a, b) => a.since - b.since)
    .map(({ since, ...thread }) => ({ ...thread, since: new Date(since).toISOString() }));
}

/**
 * Decides which claims describe the runner: the first claim, the first claim 30 s after an answered claim
 * that contained the description, and the first claim after {@link renew}. Times are milliseconds of one
 * monotonic clock.
 */
export class RunnerInfo {
  readonly #about: () => RunnerAbout;
  #answeredAt = Number.NEGATIVE_INFINITY;
  #renewedAt = Number.NEGATIVE_INFINITY;

  constructor(about: () => RunnerAbout) {
    this.#about = about;
  }

  /** The description for a claim that is sent now; undefined if the claim needs none. */
  at(now: number): RunnerAbout | undefined {
    return now - this.#answeredAt >= REPEAT_MS ? this.#about() : undefined;
  }

  /** A claim with the description was answered. */
  answered(sentAt: number, now: number): void {
    if (sentAt >= this.#renewedAt) this.#answeredAt = now;
  }

  /** The description has changed, or the edge may have lost it. A claim in flight does not count. */
  renew(now: number): void {
    this.#renewedAt = now;
    this.#answeredAt = Number.NEGATIVE_INFINITY;
  }
}
