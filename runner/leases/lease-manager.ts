import type { ReleaseRequest } from '../../edge/contract/buffer.ts';
import { MAX_CLAIM_TASKS, MAX_HEARTBEAT_LEASES } from '../../edge/contract/limits.ts';
import { type EdgeClient, EdgeError } from '../connection/edge-client.ts';
import { untilAnswered } from '../connection/retry.ts';
import type { RunnerBus } from '../events.ts';
import type { HeldTask } from '../held-task.ts';

const BEATS_PER_LEASE = 3;
const CHECK_MS = 250;
/** A failed heartbeat is sent again after this share of the lease. */
const RETRY_AFTER_SHARE = 0.1;
/** The interval for progress, which is sent before the next heartbeat is due. */
const PROGRESS_MS = 1000;
/** A lease counts as lost this time, or this share of it, before its end, because its tasks need time to end. */
const END_EARLY_MS = 2000;
const END_EARLY_SHARE = 0.25;

export interface LeaseManagerOptions {
  readonly client: EdgeClient;
  readonly events: RunnerBus;
  readonly leaseSeconds: number;
  /** Interrupts heartbeats and releases, and ends their retries. */
  readonly signal: AbortSignal;
  /** A task's lease has ended, so its result no longer counts. */
  readonly onLost: (held: HeldTask) => void;
  /** A task was cancelled. */
  readonly onCancelled: (held: HeldTask) => void;
}

interface Lease {
  /** By this process's monotonic clock, counted from the sending of the request. */
  expiresAt: number;
  readonly tasks: Map<string, HeldTask>;
  /** Tasks that were read ahead and have started, which the edge does not know yet. */
  readonly started: Set<string>;
  /** Progress of tasks that the edge does not know yet. */
  readonly progress: Map<string, unknown>;
}

/**
 * Holds the leases of this runner and sends its heartbeats. A task stays here until the edge has acknowledged
 * its report or release, so every heartbeat also names tasks with a report in flight. A task is lost when the
 * answer to a heartbeat says so, or shortly before its lease ends, so that the task stops here before it can
 * start elsewhere.
 */
export class LeaseManager {
  readonly #options: LeaseManagerOptions;
  readonly #leaseMs: number;
  readonly #leases = new Map<string, Lease>();
  readonly #releases = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #nextBeatAt = 0;
  #nextProgressAt = 0;
  #beating = false;

  constructor(options: LeaseManagerOptions) {
    this.#options = options;
    this.#leaseMs = options.leaseSeconds * 1000;
    options.events.on('started', ({ leaseId, task, readAhead }) => {
      if (readAhead) this.#leases.get(leaseId)?.started.add(task.taskId);
    });
    options.events.on('progress', ({ held, value }) => {
      this.#leases.get(held.leaseId)?.progress.set(held.task.taskId, value);
    });
  }

  /** Tasks whose report or release the edge has not acknowledged. */
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
      started: new Set(),
      progress: new Map(),
    });
  }

  /** Stops naming a task: the edge has acknowledged it, or the runner has given it up. */
  remove({ leaseId, task }: HeldTask): void {
    const lease = this.#leases.get(leaseId);
    lease?.tasks.delete(task.taskId);
    lease?.started.delete(task.taskId);
    lease?.progress.delete(task.taskId);
    if (lease?.tasks.size === 0) this.#leases.delete(leaseId);
  }

  /** Gives tasks back without spending their attempts. Retries until the release is answered. */
  release(tasks: readonly HeldTask[]): void {
    for (const [leaseId, held] of Map.groupBy(tasks, (one) => one.leaseId)) {
      this.#await(this.#release(leaseId, held));
    }
  }

  /**
   * Gives back all tasks that the edge has granted, or will grant, under the lease of an abandoned claim. Retries
   * until the release is answered or the lease has expired.
   */
  abandon(leaseId: string): void {
    const signal = AbortSignal.any([this.#options.signal, AbortSignal.timeout(this.#leaseMs)]);
    // An edge of version 0.1.0 refuses this request. The lease then expires by itself.
    this.#await(this.#sendRelease({ leaseId }, signal));
  }

  /** Resolves when every release is answered or given up. */
  async released(): Promise<void> {
    await Promise.all(this.#releases);
  }

  #await(release: Promise<unknown>): void {
    const released = release.then(() => void this.#releases.delete(released));
    this.#releases.add(released);
  }

  async #release(leaseId: string, held: readonly HeldTask[]): Promise<void> {
    const taskIds = held.map(({ task }) => task.taskId);
    switch (await this.#sendRelease({ leaseId, taskIds }, this.#options.signal)) {
      case 'released':
        for (const one of held) {
          this.remove(one);
          this.#options.events.emit('released', one);
        }
        return;
      case 'refused':
        // The edge takes back tasks that no heartbeat names.
        this.#lose(leaseId, taskIds);
        return;
      case 'given up':
    }
  }

  async #sendRelease(
    request: ReleaseRequest,
    signal: AbortSignal,
  ): Promise<'released' | 'refused' | 'given up'> {
    const { client, events } = this.#options;
    try {
      await untilAnswered(() => client.release(request, { signal }), { events, signal });
      return 'released';
    } catch (error) {
      if (signal.aborted) return 'given up';
      if (error instanceof EdgeError) return 'refused';
      throw error;
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
    const beats = leases.map(([leaseId, lease]) => {
      const holds = [...lease.tasks.keys()];
      const started = [...lease.started];
      const progress = [...lease.progress]
        .slice(0, MAX_CLAIM_TASKS)
        .map(([taskId, value]) => ({ taskId, value }));
      return {
        leaseId,
        holds,
        ...(started.length > 0 && { started }),
        ...(progress.length > 0 && { progress }),
      };
    });
    const timeoutMs = this.#leaseMs / BEATS_PER_LEASE;
    const answer = await client.heartbeat({ leases: beats }, { timeoutMs, signal });
    for (const { leaseId } of answer.extended) {
      const lease = this.#leases.get(leaseId);
      if (lease) lease.expiresAt = sentAt + this.#leaseMs;
    }
    const [lost, cancelled] = [new Set(answer.lost), new Set(answer.cancelled)];
    for (const { leaseId, holds, started = [], progress = [] } of beats) {
      const lease = this.#leases.get(leaseId);
      for (const taskId of started) lease?.started.delete(taskId);
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
      this.remove(held);
      this.#options.events.emit('lost', held);
      this.#options.onLost(held);
    }
  }
}
