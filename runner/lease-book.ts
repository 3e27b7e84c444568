import { MAX_HEARTBEAT_LEASES } from '../edge/contract/limits.ts';
import type { EdgeClient } from './edge-client.ts';
import type { RunnerBus } from './events.ts';
import type { HeldTask } from './held-task.ts';
import { untilAnswered } from './retry.ts';

const BEATS_PER_LEASE = 3;
const CHECK_MS = 250;
/** A heartbeat that failed is sent again after this share of the lease. */
const RETRY_AFTER_SHARE = 0.1;

export interface LeaseBookOptions {
  readonly client: EdgeClient;
  readonly events: RunnerBus;
  readonly leaseSeconds: number;
  /** A task's lease has ended: whatever it still does counts for nothing. */
  readonly onLost: (held: HeldTask) => void;
}

interface Lease {
  /** On this process's monotonic clock, counted from when the request was sent. */
  expiresAt: number;
  readonly tasks: Map<string, HeldTask>;
  readonly progress: Map<string, unknown>;
}

/**
 * The leases that this runner holds, and its heartbeat. A task stands in the book until the edge has
 * acknowledged its report or its release, so a heartbeat never disowns what is still on its way. A task
 * is lost when a heartbeat's answer says so, or when its lease's time is up without one.
 */
export class LeaseBook {
  readonly #options: LeaseBookOptions;
  readonly #leaseMs: number;
  readonly #leases = new Map<string, Lease>();
  #timer: NodeJS.Timeout | undefined;
  #nextBeatAt = 0;
  #beating = false;

  constructor(options: LeaseBookOptions) {
    this.#options = options;
    this.#leaseMs = options.leaseSeconds * 1000;
    options.events.on('progress', ({ task, value }) => this.#noteProgress(task.taskId, value));
  }

  start(): void {
    this.#timer = setInterval(() => this.#check(), Math.min(CHECK_MS, this.#leaseMs / (2 * BEATS_PER_LEASE)));
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** @param requestedAt when the claim was sent, by `performance.now()`. */
  open(leaseId: string, tasks: readonly HeldTask[], requestedAt: number): void {
    this.#leases.set(leaseId, {
      expiresAt: requestedAt + this.#leaseMs,
      tasks: new Map(tasks.map((held) => [held.task.taskId, held])),
      progress: new Map(),
    });
  }

  /** The edge has answered for a task: it is not held any more. */
  strike({ leaseId, task }: HeldTask): void {
    const lease = this.#leases.get(leaseId);
    lease?.tasks.delete(task.taskId);
    lease?.progress.delete(task.taskId);
    if (lease?.tasks.size === 0) this.#leases.delete(leaseId);
  }

  /** Gives tasks back, their attempts not spent, and repeats that until it is answered. */
  async release(tasks: readonly HeldTask[], signal: AbortSignal): Promise<void> {
    const { client, events } = this.#options;
    const byLease = Map.groupBy(tasks, (held) => held.leaseId);
    await Promise.all(
      [...byLease].map(async ([leaseId, held]) => {
        const taskIds = held.map(({ task }) => task.taskId);
        await untilAnswered(() => client.release({ leaseId, taskIds }), { events, signal });
        for (const one of held) {
          this.strike(one);
          events.emit('released', one.task);
        }
      }),
    );
  }

  #noteProgress(taskId: string, value: unknown): void {
    for (const lease of this.#leases.values()) {
      if (lease.tasks.has(taskId)) lease.progress.set(taskId, value);
    }
  }

  #check(): void {
    const now = performance.now();
    for (const [leaseId, lease] of this.#leases) {
      if (now >= lease.expiresAt) this.#lose(leaseId, [...lease.tasks.keys()]);
    }
    if (now < this.#nextBeatAt || this.#beating || this.#leases.size === 0) return;
    this.#nextBeatAt = now + this.#leaseMs / BEATS_PER_LEASE;
    void this.#beat(now);
  }

  async #beat(sentAt: number): Promise<void> {
    this.#beating = true;
    try {
      const leases = [...this.#leases];
      for (let from = 0; from < leases.length; from += MAX_HEARTBEAT_LEASES) {
        await this.#renew(leases.slice(from, from + MAX_HEARTBEAT_LEASES), sentAt);
      }
    } catch (error) {
      this.#nextBeatAt = performance.now() + this.#leaseMs * RETRY_AFTER_SHARE;
      this.#options.events.emit('retrying', error instanceof Error ? error : new Error(String(error)));
    } finally {
      this.#beating = false;
    }
  }

  async #renew(leases: readonly (readonly [string, Lease])[], sentAt: number): Promise<void> {
    const beats = leases.map(([leaseId, { tasks, progress }]) => {
      const notes = [...progress].map(([taskId, value]) => ({ taskId, value }));
      progress.clear();
      return { leaseId, holds: [...tasks.keys()], ...(notes.length > 0 && { progress: notes }) };
    });
    const answer = await this.#options.client.heartbeat({ leases: beats }, this.#leaseMs / BEATS_PER_LEASE);
    for (const { leaseId } of answer.extended) {
      const lease = this.#leases.get(leaseId);
      if (lease) lease.expiresAt = sentAt + this.#leaseMs;
    }
    const lost = new Set(answer.lost);
    for (const { leaseId, holds } of beats) {
      this.#lose(
        leaseId,
        holds.filter((id) => lost.has(id)),
      );
    }
  }

  #lose(leaseId: string, taskIds: readonly string[]): void {
    for (const taskId of taskIds) {
      const held = this.#leases.get(leaseId)?.tasks.get(taskId);
      if (!held) continue;
      this.strike(held);
      this.#options.events.emit('lost', held.task);
      this.#options.onLost(held);
    }
  }
}
