import { MAX_CLAIM_TASKS, MAX_HEARTBEAT_LEASES } from '../edge/contract/limits.ts';
import type { EdgeClient } from './edge-client.ts';
import type { RunnerBus } from './events.ts';
import type { HeldTask } from './held-task.ts';
import { untilAnswered } from './retry.ts';

const BEATS_PER_LEASE = 3;
const CHECK_MS = 250;
/** A heartbeat that failed is sent again after this share of the lease. */
const RETRY_AFTER_SHARE = 0.1;
/** Progress is sent this often, ahead of the heartbeat. */
const PROGRESS_MS = 1000;
/** A lease counts as lost this long before its end, or this share of it: its tasks need time to end. */
const END_EARLY_MS = 2000;
const END_EARLY_SHARE = 0.25;

export interface LeaseBookOptions {
  readonly client: EdgeClient;
  readonly events: RunnerBus;
  readonly leaseSeconds: number;
  /** Interrupts heartbeats and releases, and ends their repeats. */
  readonly signal: AbortSignal;
  /** A task's lease has ended: whatever it still does counts for nothing. */
  readonly onLost: (held: HeldTask) => void;
  /** A task was called off. */
  readonly onCancelled: (held: HeldTask) => void;
}

interface Lease {
  /** On this process's monotonic clock, counted from when the request was sent. */
  expiresAt: number;
  readonly tasks: Map<string, HeldTask>;
  /** What tasks said of their progress and the edge does not know yet. */
  readonly progress: Map<string, unknown>;
}

/**
 * The leases that this runner holds, and its heartbeat. A task stands in the book until the edge has
 * acknowledged its report or its release, so a heartbeat never disowns what is still on its way. A task
 * is lost when a heartbeat's answer says so, or when its lease is about to run out: early enough that it
 * has ended here before it can begin elsewhere.
 */
export class LeaseBook {
  readonly #options: LeaseBookOptions;
  readonly #leaseMs: number;
  readonly #leases = new Map<string, Lease>();
  readonly #releases = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #nextBeatAt = 0;
  #nextProgressAt = 0;
  #beating = false;

  constructor(options: LeaseBookOptions) {
    this.#options = options;
    this.#leaseMs = options.leaseSeconds * 1000;
    options.events.on('progress', ({ held, value }) => {
      this.#leases.get(held.leaseId)?.progress.set(held.task.taskId, value);
    });
  }

  /** Tasks that the edge has not answered for. */
  get held(): number {
    return [...this.#leases.values()].reduce((sum, lease) => sum + lease.tasks.size, 0);
  }

  start(): void {
    this.#timer = setInterval(() => this.#check(), Math.min(CHECK_MS, this.#leaseMs / (2 * BEATS_PER_LEASE)));
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** @param requestedAt when the claim was sent, by `performance.now()`. */
  open(leaseId: string, tasks: readonly HeldTask[], requestedAt: number): void {
    if (tasks.length === 0) return;
    if (this.#leases.size === 0) this.#nextBeatAt = requestedAt + this.#leaseMs / BEATS_PER_LEASE;
    this.#leases.set(leaseId, {
      expiresAt: requestedAt + this.#leaseMs,
      tasks: new Map(tasks.map((held) => [held.task.taskId, held])),
      progress: new Map(),
    });
  }

  /** The edge has answered for a task, or nobody vouches for it: it is not named any more. */
  strike({ leaseId, task }: HeldTask): void {
    const lease = this.#leases.get(leaseId);
    lease?.tasks.delete(task.taskId);
    lease?.progress.delete(task.taskId);
    if (lease?.tasks.size === 0) this.#leases.delete(leaseId);
  }

  /** Gives tasks back, their attempts not spent, and repeats that until it is answered. */
  release(tasks: readonly HeldTask[]): void {
    for (const [leaseId, held] of Map.groupBy(tasks, (one) => one.leaseId)) {
      const released = this.#release(leaseId, held).finally(() => this.#releases.delete(released));
      this.#releases.add(released);
    }
  }

  /** Resolves when every release is answered, or given up. */
  async released(): Promise<void> {
    await Promise.all(this.#releases);
  }

  async #release(leaseId: string, held: readonly HeldTask[]): Promise<void> {
    const { client, events, signal } = this.#options;
    const taskIds = held.map(({ task }) => task.taskId);
    try {
      await untilAnswered(() => client.release({ leaseId, taskIds }, { signal }), { events, signal });
    } catch (error) {
      // Given up, the lease runs out by itself.
      if (!signal.aborted) throw error;
      return;
    }
    for (const one of held) {
      this.strike(one);
      events.emit('released', one);
    }
  }

  #check(): void {
    const now = performance.now();
    for (const [leaseId, lease] of this.#leases) {
      if (now >= lease.expiresAt - Math.min(END_EARLY_MS, this.#leaseMs * END_EARLY_SHARE)) {
        this.#lose(leaseId, [...lease.tasks.keys()]);
      }
    }
    if (this.#beating || this.#leases.size === 0) return;
    if (now >= this.#nextBeatAt) void this.#beat([...this.#leases], now);
    else if (now >= this.#nextProgressAt) void this.#beat(this.#leasesWithProgress(), now);
  }

  #leasesWithProgress(): [string, Lease][] {
    return [...this.#leases].filter(([, lease]) => lease.progress.size > 0);
  }

  async #beat(leases: readonly [string, Lease][], sentAt: number): Promise<void> {
    if (leases.length === 0) return;
    const all = leases.length === this.#leases.size;
    this.#beating = true;
    try {
      for (let from = 0; from < leases.length; from += MAX_HEARTBEAT_LEASES) {
        await this.#renew(leases.slice(from, from + MAX_HEARTBEAT_LEASES), sentAt);
      }
      if (all) this.#nextBeatAt = sentAt + this.#leaseMs / BEATS_PER_LEASE;
    } catch (error) {
      this.#nextBeatAt = performance.now() + this.#leaseMs * RETRY_AFTER_SHARE;
      if (!this.#options.signal.aborted) {
        this.#options.events.emit('retrying', error instanceof Error ? error : new Error(String(error)));
      }
    } finally {
      this.#nextProgressAt = performance.now() + PROGRESS_MS;
      this.#beating = false;
    }
  }

  async #renew(leases: readonly [string, Lease][], sentAt: number): Promise<void> {
    const { client, signal } = this.#options;
    const beats = leases.map(([leaseId, { tasks, progress }]) => {
      const notes = [...progress].slice(0, MAX_CLAIM_TASKS).map(([taskId, value]) => ({ taskId, value }));
      return { leaseId, holds: [...tasks.keys()], ...(notes.length > 0 && { progress: notes }) };
    });
    const timeoutMs = this.#leaseMs / BEATS_PER_LEASE;
    const answer = await client.heartbeat({ leases: beats }, { timeoutMs, signal });
    for (const { leaseId } of answer.extended) {
      const lease = this.#leases.get(leaseId);
      if (lease) lease.expiresAt = sentAt + this.#leaseMs;
    }
    const [lost, cancelled] = [new Set(answer.lost), new Set(answer.cancelled)];
    for (const { leaseId, holds, progress = [] } of beats) {
      const lease = this.#leases.get(leaseId);
      for (const { taskId, value } of progress) {
        if (lease && lease.progress.get(taskId) === value) lease.progress.delete(taskId);
      }
      for (const taskId of holds.filter((id) => cancelled.has(id))) {
        const held = lease?.tasks.get(taskId);
        if (held) this.#options.onCancelled(held);
      }
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
      this.#options.events.emit('lost', held);
      this.#options.onLost(held);
    }
  }
}
