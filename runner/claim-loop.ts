import { randomUUID } from 'node:crypto';
import type { Claim, ClaimRequest } from '../edge/contract/buffer.ts';
import { MAX_CLAIM_TASKS, MAX_READY_COUNT } from '../edge/contract/limits.ts';
import type { Catalog } from './catalog.ts';
import { Doorbell } from './doorbell.ts';
import type { EdgeClient } from './edge-client.ts';
import type { RunnerBus } from './events.ts';
import type { HeldTask } from './held-task.ts';
import type { Introduction } from './introduction.ts';
import type { Lane } from './lane.ts';
import type { LeaseBook } from './lease-book.ts';
import { MovingAverage } from './moving-average.ts';
import { untilAnswered } from './retry.ts';

export interface ClaimLoopOptions {
  readonly client: EdgeClient;
  readonly catalog: Catalog;
  readonly lanes: readonly Lane[];
  readonly leases: LeaseBook;
  readonly events: RunnerBus;
  /** The runner's name, as the ledger keeps it with each attempt. */
  readonly runner: string;
  /** What claims tell about the runner, now and then. */
  readonly introduction: Introduction;
  readonly leaseSeconds: number;
  readonly pollIntervalMs: number;
  /** End when nothing is ready and nothing is held. */
  readonly once: boolean;
  /** Interrupts a claim under way. */
  readonly interrupt: AbortSignal;
  /** How long an outcome takes to be answered for: its task counts as held until then. */
  readonly reportMs: () => number;
  /** Whether the edge tells when there is more, so that a dry lane need not ask. */
  readonly isWoken: () => boolean;
}

/** A claim that takes longer than this share of its lease is given up for a new one. */
const ANSWER_WITHIN = 0.5;

type Want = ClaimRequest['wants'][number];

interface LaneState {
  readonly lane: Lane;
  /** The edge had less than the lane wanted: asking again waits until then, or for a wake. */
  dryUntil: number;
}

/**
 * Claims tasks for the free slots of all lanes. One claim is under way at a time; while it is, slots go on
 * coming free, so busy lanes are filled by few, large claims.
 *
 * - **asking**: some lane has demand and is not dry, and a claim is sent; repeated under the same lease id
 *   until it is answered, so that a lost answer costs nothing; under a new one when that takes too long.
 * - **waiting**: no lane is to be asked for; left when a lane frees a slot, on a wake, or at the poll
 *   interval. A lane that was dry is asked for again on a wake or at the interval; where the edge does not
 *   wake this runner, also when it frees a slot.
 */
export class ClaimLoop {
  readonly #options: ClaimLoopOptions;
  readonly #lanes: readonly LaneState[];
  readonly #stopping = new AbortController();
  readonly #doorbell = new Doorbell();
  readonly #roundTripMs = new MovingAverage();
  #wokenAt = Number.NEGATIVE_INFINITY;
  /** How many tasks the last claim has left for others; they are counted up to a limit. */
  #left = 0;

  constructor(options: ClaimLoopOptions) {
    this.#options = options;
    this.#lanes = options.lanes
      .filter((lane) => lane.types.length > 0)
      .map((lane) => ({ lane, dryUntil: 0 }));
  }

  /** A lane has freed a slot. */
  refill(freed: Lane): void {
    if (!this.#options.isWoken()) {
      for (const state of this.#lanes) if (state.lane === freed) state.dryUntil = 0;
    }
    this.#doorbell.ring();
  }

  /** There is work again. */
  wake(): void {
    this.#wokenAt = performance.now();
    for (const state of this.#lanes) state.dryUntil = 0;
    this.#doorbell.ring();
  }

  /** Ends the loop once the claim under way is answered. */
  stop(): void {
    this.#stopping.abort();
    this.#doorbell.ring();
  }

  async run(): Promise<void> {
    const { events, once, pollIntervalMs } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const asked = this.#toAsk();
      if (asked.length === 0) {
        await this.#doorbell.wait(this.#untilPoll());
        continue;
      }
      const sentAt = performance.now();
      const claim = await this.#claim(
        asked.map(({ want }) => want),
        sentAt,
      );
      // A wake may overtake the answer of the claim before it.
      if (!claim || claim.ready > 0 || this.#wokenAt > sentAt) continue;
      // One time for all: lanes that are due together are asked for together.
      const dryUntil = performance.now() + pollIntervalMs;
      for (const { state } of asked) state.dryUntil = dryUntil;
      if (claim.tasks.length > 0 || this.#lanes.some(({ lane }) => lane.held > 0)) continue;
      if (!once) events.emit('idle', { pollIntervalMs });
      else if (asked.length === this.#lanes.length) return;
      else for (const state of this.#lanes) state.dryUntil = 0;
    }
  }

  /** How long until a lane that is dry is to be asked for again, in milliseconds. */
  #untilPoll(): number {
    const now = performance.now();
    const waits = this.#lanes.map(({ dryUntil }) => dryUntil - now).filter((wait) => wait > 0);
    return Math.min(this.#options.pollIntervalMs, ...waits);
  }

  /** The lanes to ask for, each with what it wants. */
  #toAsk(): { state: LaneState; want: Want }[] {
    const now = performance.now();
    const refillMs = (this.#roundTripMs.value ?? 0) + this.#options.reportMs();
    return this.#lanes
      .filter(({ dryUntil }) => dryUntil <= now)
      .map((state) => {
        const limit = Math.min(state.lane.demand(refillMs, this.#left), MAX_CLAIM_TASKS);
        return { state, want: { types: state.lane.types, limit } };
      })
      .filter(({ want }) => want.limit > 0);
  }

  /**
   * One claim; undefined when the edge did not answer in time, or the loop was stopped before it did.
   *
   * @param sentAt now, by `performance.now()`: its lease counts from the first try.
   */
  async #claim(wants: Want[], sentAt: number): Promise<Claim | undefined> {
    const { client, events, leaseSeconds, runner, introduction, interrupt } = this.#options;
    const about = introduction.at(sentAt);
    const request = { leaseId: randomUUID(), runner, wants, leaseSeconds, ...(about && { about }) };
    // The lease counts from the first try: later than this it would be over on arrival.
    const overdue = AbortSignal.timeout(leaseSeconds * ANSWER_WITHIN * 1000);
    const signal = AbortSignal.any([this.#stopping.signal, overdue]);
    events.emit('polling');
    let claim: Claim | undefined;
    try {
      await untilAnswered(
        async () => {
          const attemptAt = performance.now();
          claim = await client.claim(request, {
            timeoutMs: leaseSeconds * ANSWER_WITHIN * 1000,
            signal: interrupt,
          });
          this.#roundTripMs.record(performance.now() - attemptAt);
        },
        { events, signal },
      );
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    if (claim && about) introduction.answered(sentAt, performance.now());
    const ready = claim?.ready ?? 0;
    this.#left = ready < MAX_READY_COUNT ? ready : Number.POSITIVE_INFINITY;
    // Tasks may have come with the last answer after the loop was told to stop: they have to be given back.
    if (claim) this.#accept(request.leaseId, claim, sentAt);
    return claim;
  }

  #accept(leaseId: string, claim: Claim, sentAt: number): void {
    const { catalog, lanes, leases, events, leaseSeconds } = this.#options;
    if (claim.tasks.length === 0) return;
    const arrivedAt = performance.now();
    const tasks = claim.tasks.flatMap((task): HeldTask[] => {
      const entry = catalog.get(task.type);
      return entry ? [{ task, leaseId, entry, arrivedAt }] : [];
    });
    leases.open(leaseId, tasks, sentAt);
    if (arrivedAt - sentAt > leaseSeconds * ANSWER_WITHIN * 1000) {
      // Too little of the lease is left to start them.
      leases.release(tasks);
      return;
    }
    events.emit('claimed', { leaseId, tasks: claim.tasks, ready: claim.ready });
    for (const lane of lanes) {
      const types = new Set(lane.types);
      lane.accept(tasks.filter(({ task }) => types.has(task.type)));
    }
  }
}
