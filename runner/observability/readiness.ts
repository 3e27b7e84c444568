import { iso } from '../../edge/contract/time.ts';
import { EdgeError } from '../connection/edge-client.ts';
import type { RunnerBus } from '../events.ts';
import type { LaneLoad } from '../execution/lane.ts';
import type { StuckThread } from '../execution/stuck-threads.ts';
import type { Lane as LaneName } from '../task.ts';

/** Whether a runner does its work, and if not, why. */
export type Readiness =
  /** `stuck`: threads that do not end while others do the work. */
  | { readonly status: 'ready'; readonly stuck?: readonly StuckThreadAge[] }
  | { readonly status: 'starting' | 'unreachable' | 'stuck' | 'draining'; readonly reason: string };

export interface StuckThreadAge extends Omit<StuckThread, 'since'> {
  readonly lane: LaneName;
  readonly endingSeconds: number;
}

export interface ReadinessOptions {
  readonly lanes: ReadonlyMap<LaneName, Pick<LaneLoad, 'slots' | 'stuck'>>;
  readonly pollIntervalMs: number;
  readonly leaseSeconds: number;
  /** Unix milliseconds. */
  readonly now: () => number;
}

interface Failure {
  readonly since: number;
  readonly message: string;
}

/**
 * What the events of a runner say of its readiness.
 *
 * - **starting**: until both workers have answered, the threads have loaded the task types, and a first claim
 *   was answered.
 * - **ready**: left when a call to the edge fails, until the same call is answered; when neither a claim nor a
 *   heartbeat was answered for longer than the polls and the lease leave; or by a stop.
 * - **unreachable**: left when what has failed is answered.
 * - **stuck**: a lane has no thread left that can start a task; left when one of those that do not end has ended.
 * - **draining**: told to stop.
 */
export class ReadinessWatch {
  readonly #options: ReadinessOptions;
  readonly #connected = new Set<string>();
  #warm = false;
  #stopping = false;
  /** When a claim or a heartbeat was last answered; undefined before the first claim was. */
  #answeredAt: number | undefined;
  /** The calls that fail, the one that has failed for longest first. */
  readonly #failing = new Map<string, Failure>();

  constructor(events: RunnerBus, options: ReadinessOptions) {
    this.#options = options;
    events.on('connected', (worker) => void this.#connected.add(worker));
    events.on('ready', () => {
      this.#warm = true;
    });
    events.on('stopping', () => {
      this.#stopping = true;
    });
    events.on('answered', ({ call }) => this.#noteAnswer(call));
    events.on('retrying', (error) => {
      if (error instanceof EdgeError && error.call !== 'wake') this.#noteFailure(error);
    });
  }

  readiness(): Readiness {
    if (this.#stopping) {
      return { status: 'draining', reason: 'The runner was told to stop: it claims no more' };
    }
    const [failure] = this.#failing.values();
    if (!this.#warm) return { status: 'starting', reason: failure?.message ?? this.#whatItStarts() };
    if (failure) {
      return { status: 'unreachable', reason: `Since ${iso(failure.since)}: ${failure.message}` };
    }
    if (this.#answeredAt === undefined) {
      return { status: 'starting', reason: 'The edge has not answered the first claim yet' };
    }
    const { now, pollIntervalMs, leaseSeconds } = this.#options;
    if (now() - this.#answeredAt <= pollIntervalMs + leaseSeconds * 1000) return this.#threadsReady();
    const since = iso(this.#answeredAt);
    return {
      status: 'unreachable',
      reason: `Since ${since} the edge has answered no claim and no heartbeat`,
    };
  }

  #threadsReady(): Readiness {
    const stuck: StuckThreadAge[] = [];
    for (const [lane, load] of this.#options.lanes) {
      const ages = load.stuck.map(({ since, ...thread }) => ({
        lane,
        ...thread,
        endingSeconds: Math.round((this.#options.now() - since) / 1000),
      }));
      const [longest] = ages;
      if (longest && load.slots === 0) return { status: 'stuck', reason: noThreadLeft(longest, ages.length) };
      stuck.push(...ages);
    }
    return stuck.length === 0 ? { status: 'ready' } : { status: 'ready', stuck };
  }

  #whatItStarts(): string {
    return this.#connected.size < WORKERS
      ? 'The runner waits for both workers to answer'
      : 'The threads load the task types';
  }

  #noteAnswer(call: string): void {
    this.#failing.delete(call);
    // Leases that ran out meanwhile leave no heartbeat to be answered.
    if (call === 'claim') this.#failing.delete('heartbeat');
    if (call === 'claim' || call === 'heartbeat') this.#answeredAt = this.#options.now();
  }

  #noteFailure({ call, permanent, message }: EdgeError): void {
    // A refusal of what is in a call is an answer.
    if (permanent) this.#noteAnswer(call);
    else if (!this.#failing.has(call)) this.#failing.set(call, { since: this.#options.now(), message });
  }
}

const WORKERS = 2;

function noThreadLeft({ lane, type, taskId, endingSeconds }: StuckThreadAge, count: number): string {
  return `The ${lane} lane has no thread left: ${count} thread(s) do not end. The first, of task ${taskId} (type ${type}), has been ending for ${endingSeconds} s: native code runs to its end first. Restart the runner, and bound what the task type asks of native code`;
}
