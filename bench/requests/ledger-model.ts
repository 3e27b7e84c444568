import type { Clock } from '../../edge/buffer/ledger/proof/sim/clock.ts';

/** The calls of the ledger. */
export type RequestKind = 'insert' | 'claim' | 'report' | 'heartbeat';
export type RequestCounts = Record<RequestKind, number>;

/** Decides the pause that a busy ledger asks for. */
export interface Pacing {
  /**
   * Counts a claim or a report.
   *
   * @param now Unix milliseconds.
   * @returns the pause for the answer, in milliseconds, or undefined for none.
   */
  count(now: number): number | undefined;
}

/** A runner with a wake socket. */
export interface Wakeable {
  wake(): void;
}

/** For this time the ledger expects a woken runner to claim. */
const PROMISE_MS = 2000;
const MAX_READY_COUNT = 1000;

/** A model of the ledger that determines the number of requests: ready tasks of one type, and runners to wake. */
export class LedgerModel {
  readonly counts: RequestCounts = { insert: 0, claim: 0, report: 0, heartbeat: 0 };
  readonly #clock: Clock;
  readonly #pacing: Pacing;
  #ready = 0;
  /** Runners whose last claim emptied the queue, with their unmet demand. */
  readonly #unmet = new Map<Wakeable, number>();
  /** Runners that were woken and have not claimed yet. */
  #woken = new Map<Wakeable, { missing: number; until: number }>();

  constructor(clock: Clock, pacing: Pacing) {
    this.#clock = clock;
    this.#pacing = pacing;
  }

  insert(tasks: number): void {
    this.counts.insert += 1;
    this.#ready += tasks;
    this.#wake();
  }

  claim(runner: Wakeable, limit: number): { tasks: number; ready: number; spaceMs: number } {
    const spaceMs = this.#paced('claim');
    this.#woken.delete(runner);
    const tasks = Math.min(limit, this.#ready);
    this.#ready -= tasks;
    if (this.#ready > 0) this.#unmet.delete(runner);
    else this.#unmet.set(runner, Math.max(1, limit - tasks));
    this.#wake();
    return { tasks, ready: Math.min(this.#ready, MAX_READY_COUNT), spaceMs };
  }

  report(): { spaceMs: number } {
    const spaceMs = this.#paced('report');
    this.#wake();
    return { spaceMs };
  }

  heartbeat(): void {
    this.counts.heartbeat += 1;
    this.#wake();
  }

  /** Counts a request, and returns the pause for its answer, in milliseconds. */
  #paced(kind: 'claim' | 'report'): number {
    this.counts[kind] += 1;
    return this.#pacing.count(this.#clock.now) ?? 0;
  }

  /** Wakes runners while there is work for them, those with the most unmet demand first. */
  #wake(): void {
    const { now } = this.#clock;
    for (const [runner, { until }] of this.#woken) if (until <= now) this.#woken.delete(runner);
    let expected = [...this.#woken.values()].reduce((sum, { missing }) => sum + missing, 0);
    while (this.#unmet.size > 0 && this.#ready > expected) {
      const [[runner, missing] = []] = [...this.#unmet].toSorted(([, a], [, b]) => b - a);
      if (runner === undefined || missing === undefined) return;
      this.#unmet.delete(runner);
      this.#woken.set(runner, { missing, until: now + PROMISE_MS });
      expected += missing;
      runner.wake();
    }
  }
}
