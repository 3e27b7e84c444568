import { iso } from '../../edge/contract/time.ts';
import { EdgeError } from '../connection/edge-client.ts';
import type { RunnerBus } from '../events.ts';
import type { LaneLoad } from '../execution/lane.ts';
import type { StuckThread } from '../execution/stuck-threads.ts';
import type { Lane as LaneName } from '../task.ts';

/** Whether a runner does its work, and the reason if it does not. */
export type Readiness =
  /** `stuck`: threads that do not end, while others do the work. */
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
 * Derives the readiness of a runner from its events.
 *
 * - **starting**: until both workers have answered, the threads have loaded the task types, and the edge has
 *   answered the first claim.
 * - **ready**: ends when a call to the edge fails, or when the edge has answered neither a claim nor a heartbeat
 *   for longer than the poll interval plus the lease, or when the runner stops.
 * - **unreachable**: ends when the edge answers the call that failed.
 * - **stuck**: no thread of a lane can start a task; ends when one of the stuck threads has ended.
 * - **draining**: the runner stops.
 */
export class ReadinessWatch {
  readonly #options: ReadinessOptions;
  readonly #connected = new Set<string>();
  #warm = false;
  #stopping = false;
  /** When the edge last answered a claim or a heartbeat; undefined before the first claim. */
  #answeredAt: number | undefined;
  /** The failing calls, ordered by their first failure. */
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
      return { status: 'draining', reason: 'The runner is stopping and claims no more tasks' };
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
      if (load.slots === 0) {
        const reason = longest
          ? noThreadLeft(longest, ages.length)
          : `The ${lane} lane has no thread that starts tasks`;
        return { status: 'stuck', reason };
      }
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
    // If the leases have expired meanwhile, no heartbeat follows that could be answered.
    if (call === 'claim') this.#failing.delete('heartbeat');
    if (call === 'claim' || call === 'heartbeat') this.#answeredAt = this.#options.now();
  }

  #noteFailure({ call, permanent, message }: EdgeError): void {
    // If the edge refuses the content of a call, it has answered.
    if (permanent) this.#noteAnswer(call);
    else if (!this.#failing.has(call)) this.#failing.set(call, { since: this.#options.now(), message });
  }
}

const WORKERS = 2;

function noThreadLeft({ lane, type, taskId, endingSeconds }: StuckThreadAge, count: number): string {
  return `The ${lane} lane has no thread left: ${count} thread(s) do not end because native code still runs. The first one, of task ${taskId} (type ${type}), has been ending for ${endingSeconds} s. Restart the runner, and limit the native work of the task type`;
}
