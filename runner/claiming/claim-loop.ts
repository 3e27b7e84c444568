import { randomUUID } from 'node:crypto';
import type { ClaimRequest } from '../../edge/contract/buffer.ts';
import { MAX_CLAIM_TASKS, MAX_READY_COUNT } from '../../edge/contract/limits.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { ClaimAnswer } from '../connection/claim-answer.ts';
import { type EdgeClient, EdgeError } from '../connection/edge-client.ts';
import { untilAnswered } from '../connection/retry.ts';
import type { RunnerBus } from '../events.ts';
import type { Lane } from '../execution/lane.ts';
import type { HeldTask } from '../held-task.ts';
import type { LeaseManager } from '../leases/lease-manager.ts';
import { MovingAverage } from '../lib/moving-average.ts';
import { WakeSignal } from '../lib/wake-signal.ts';
import type { Demand } from './read-ahead.ts';
import type { RunnerInfo } from './runner-info.ts';

export interface ClaimLoopOptions {
  readonly client: EdgeClient;
  readonly catalog: Catalog;
  readonly lanes: readonly Lane[];
  readonly leases: LeaseManager;
  readonly events: RunnerBus;
  /** The runner's name, which the ledger stores with each attempt. */
  readonly runner: string;
  /** The description of the runner that some claims contain. */
  readonly runnerInfo: RunnerInfo;
  readonly leaseSeconds: number;
  readonly pollIntervalMs: number;
  /** End when no task is ready and the runner holds none. */
  readonly once: boolean;
  /** Interrupts a claim in flight. */
  readonly interrupt: AbortSignal;
  /** How long the edge takes to acknowledge an outcome. Its task counts as held until then. */
  readonly reportMs: () => number;
  /** Whether the edge announces new work, so that a dry lane need not ask. */
  readonly isWoken: () => boolean;
}

/** A claim that takes longer than this share of its lease is given up for a new one. */
const ANSWER_WITHIN = 0.5;

type Want = Demand & Pick<ClaimRequest['wants'][number], 'types'>;

interface LaneState {
  readonly lane: Lane;
  /** The edge had no tasks left for the lane. The lane asks again at this time, or after a wake. */
  dryUntil: number;
  /** How many tasks its last claim left for other runners, counted up to a limit. */
  left: number;
}

interface Asked {
  readonly state: LaneState;
  readonly want: Want;
}

/** A lane that got no task although some are left asks again after this time, in milliseconds. */
const RETRY_MS = 100;

/**
 * Claims tasks for the free slots of all lanes. Only one claim is in flight at a time. Meanwhile more slots become
 * free, so busy lanes are filled by a few large claims.
 *
 * - **asking**: some lane has demand and is not dry, so a claim is sent. It is retried under the same lease id
 *   until it is answered, so a lost answer loses no task. If that takes too long, the lease is released, and the
 *   next claim asks for less.
 * - **waiting**: no lane needs a claim, or a busy ledger asked for a pause. This state ends when a lane frees a
 *   slot, on a wake, at the poll interval, or after the pause.
 *
 * A lane is dry if the edge has no tasks left for it, even if other lanes have tasks. A dry lane asks again on a
 * wake or at the poll interval. If the edge does not wake this runner, it also asks when it frees a slot.
 */
export class ClaimLoop {
  readonly #options: ClaimLoopOptions;
  readonly #lanes: readonly LaneState[];
  readonly #stopping = new AbortController();
  readonly #wakeSignal = new WakeSignal();
  readonly #roundTripMs = new MovingAverage();
  #wokenAt = Number.NEGATIVE_INFINITY;
  /** The end of the pause that a busy ledger asked for. */
  #pausedUntil = 0;
  /** The maximum that a lane asks for. It shrinks after an abandoned claim, which may have been too large. */
  #most = MAX_CLAIM_TASKS;

  constructor(options: ClaimLoopOptions) {
    this.#options = options;
    this.#lanes = options.lanes
      .filter((lane) => lane.types.length > 0)
      .map((lane) => ({ lane, dryUntil: 0, left: 0 }));
  }

  /** A lane has freed a slot. */
  refill(freed: Lane): void {
    if (!this.#options.isWoken()) {
      for (const state of this.#lanes) if (state.lane === freed) state.dryUntil = 0;
    }
    this.#wakeSignal.notify();
  }

  /** The edge has work again. */
  wake(): void {
    this.#wokenAt = performance.now();
    for (const state of this.#lanes) state.dryUntil = 0;
    this.#wakeSignal.notify();
  }

  /** Ends the loop after the claim in flight is answered. */
  stop(): void {
    this.#stopping.abort();
    this.#wakeSignal.notify();
  }

  async run(): Promise<void> {
    const { events, once, pollIntervalMs } = this.#options;
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const asked = this.#toAsk();
      if (asked.length === 0) {
        await this.#wakeSignal.wait(this.#untilNext());
        continue;
      }
      const sentAt = performance.now();
      const claim = await this.#claim(asked, sentAt);
      // A wake may arrive before the answer to the claim that was sent before it.
      if (!claim || this.#wokenAt > sentAt) continue;
      const isDry = this.#recordDry(asked, claim);
      if (!isDry || claim.tasks.length > 0 || this.#lanes.some(({ lane }) => lane.held > 0)) continue;
      if (!once) events.emit('idle', { pollIntervalMs });
      else if (asked.length === this.#lanes.length) return;
      else for (const state of this.#lanes) state.dryUntil = 0;
    }
  }

  /**
   * Marks the lanes for which the edge has no more tasks as dry, all until the same time, so that one claim asks
   * for them together. Returns whether each lane is dry.
   */
  #recordDry(asked: readonly Asked[], { tasks, ready, next }: ClaimAnswer): boolean {
    const now = performance.now();
    const dry = asked.map(({ state, want }, index) => {
      const isGranted = tasks.some(({ type }) => want.types.includes(type));
      // An edge of version 0.1.0 sends no `next`, and counts the remaining tasks of all lanes together.
      const isDry = next ? next[index] === null : ready === 0 || !isGranted;
      if (isDry) state.dryUntil = now + this.#options.pollIntervalMs;
      else if (!isGranted) state.dryUntil = now + RETRY_MS;
      return isDry;
    });
    return !dry.includes(false);
  }

  /** Milliseconds until a lane asks again. */
  #untilNext(): number {
    const now = performance.now();
    const times = [this.#pausedUntil, ...this.#lanes.map(({ dryUntil }) => dryUntil)];
    const waits = times.map((time) => time - now).filter((wait) => wait > 0);
    return Math.min(this.#options.pollIntervalMs, ...waits);
  }

  /** The lanes that ask now, each with its want. */
  #toAsk(): Asked[] {
    const now = performance.now();
    if (now < this.#pausedUntil) return [];
    const refillMs = (this.#roundTripMs.value ?? 0) + this.#options.reportMs();
    return this.#lanes
      .filter(({ dryUntil }) => dryUntil <= now)
      .map((state) => {
        const { limit, starts, ...ahead } = state.lane.demand(refillMs, state.left);
        const bounded = { limit: Math.min(limit, this.#most), starts: Math.min(starts, this.#most) };
        return { state, want: { types: state.lane.types, ...bounded, ...ahead } };
      })
      .filter(({ want }) => want.limit > 0);
  }

  /**
   * Sends one claim. Returns undefined if the edge did not answer in time, or the loop was stopped before. The
   * lease of an abandoned claim is released, and the next claims ask for less.
   *
   * @param sentAt the current `performance.now()`; the lease counts from the first try.
   */
  async #claim(asked: readonly Asked[], sentAt: number): Promise<ClaimAnswer | undefined> {
    const { client, events, leases, leaseSeconds, runner, runnerInfo, interrupt } = this.#options;
    const about = runnerInfo.at(sentAt);
    const leaseId = randomUUID();
    const wants = asked.map(({ want }) => want);
    const request = { leaseId, runner, wants, leaseSeconds, ...(about && { about }) };
    // After this time, too little of the lease would be left to start the tasks.
    const timeoutMs = leaseSeconds * ANSWER_WITHIN * 1000;
    const overdue = AbortSignal.timeout(timeoutMs);
    let tries = 0;
    let answer: ClaimAnswer | undefined;
    try {
      events.emit('polling');
      const call = async () => {
        tries += 1;
        const attemptAt = performance.now();
        answer = await client.claim(request, { timeoutMs, signal: AbortSignal.any([interrupt, overdue]) });
        this.#roundTripMs.record(performance.now() - attemptAt);
      };
      await untilAnswered(call, { events, signal: AbortSignal.any([this.#stopping.signal, overdue]) });
    } catch (error) {
      if (!this.#stopping.signal.aborted && !overdue.aborted) throw error;
    }
    if (answer && about) runnerInfo.answered(sentAt, performance.now());
    this.#pausedUntil = performance.now() + (answer?.spaceMs ?? 0);
    if (!answer || overdue.aborted) {
      leases.abandon(leaseId);
      if (overdue.aborted) this.#askForLess(wants, timeoutMs);
      return undefined;
    }
    this.#most = Math.min(MAX_CLAIM_TASKS, 2 * this.#most);
    // Tasks may arrive after the loop was stopped. The lanes give them back.
    this.#accept(asked, { leaseId, claim: answer, sentAt, isRepeat: tries > 1 });
    return answer;
  }

  #askForLess(wants: readonly Want[], timeoutMs: number): void {
    this.#most = Math.ceil(Math.max(...wants.map(({ limit }) => limit)) / 2);
    const sentence = `A claim was not answered within ${timeoutMs / 1000} s: the next one asks for at most ${this.#most} task(s) per lane`;
    this.#options.events.emit('retrying', new EdgeError('claim', sentence));
  }

  #accept(asked: readonly Asked[], { leaseId, claim, sentAt, isRepeat }: Granted): void {
    const { catalog, leases, events } = this.#options;
    const arrivedAt = performance.now();
    const lanes = asked.map(({ state, want }, index) => {
      const head = claim.next?.[index];
      state.left = head === null ? 0 : claim.ready < MAX_READY_COUNT ? claim.ready : Number.POSITIVE_INFINITY;
      const types = new Set(want.types);
      const tasks = claim.tasks
        .filter(({ type }) => types.has(type))
        .flatMap((task, place): HeldTask[] => {
          const entry = catalog.get(task.type);
          // A repeated claim returns the tasks still held under its lease. It is not certain which have started.
          const readAhead = isRepeat || place >= want.starts;
          return entry ? [{ task, leaseId, entry, arrivedAt, readAhead }] : [];
        });
      return { lane: state.lane, tasks, head: head ?? undefined };
    });
    if (claim.tasks.length > 0) {
      const held = lanes.flatMap(({ tasks }) => tasks);
      leases.open(leaseId, held, sentAt);
      events.emit('claimed', { leaseId, tasks: claim.tasks, ready: claim.ready });
    }
    for (const { lane, tasks, head } of lanes) lane.accept(tasks, head);
  }
}

/** A claim that was answered in time. */
interface Granted {
  readonly leaseId: string;
  readonly claim: ClaimAnswer;
  readonly sentAt: number;
  /** The claim was sent more than once. */
  readonly isRepeat: boolean;
}
