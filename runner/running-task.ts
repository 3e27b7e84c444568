import type { HeldTask } from './held-task.ts';
import { type RunningJob, ThreadExit } from './pool.ts';
import type { Outcome } from './thread-protocol.ts';

/** How long a task may take to end after its signal was aborted. */
const GRACE_MS = 1000;
/** How long its thread may take to end after that: a native call runs to its end first. */
const PATIENCE_MS = 5000;

/** Why an attempt is ended before its own end. */
export type StopReason = 'timeout' | 'lost' | 'cancelled' | 'out_of_memory' | 'shutdown';

/** What becomes of an attempt: an outcome to report, or none. */
export type Ending = Outcome | 'dropped' | 'given back';

export interface RunningTaskOptions {
  readonly held: HeldTask;
  readonly job: RunningJob;
  readonly timeoutSeconds: number | undefined;
  /** The grace is over: the task's thread has to end. */
  readonly onKill: (task: RunningTask) => void;
  /** The thread does not end: this runner cannot vouch for the task any more. */
  readonly onStuck: (task: RunningTask) => void;
}

/**
 * One attempt under supervision.
 *
 * - **queued** at its thread, behind others: left when it begins, or by a stop; its time does not count yet.
 * - **running**: left by its own end, by the end of its thread, or by a stop.
 * - **stopping**: its signal is aborted; left by its own end, or when the grace is over.
 * - **killing**: its thread is being ended; left when that has exited. Where that takes too long, the task
 *   is not vouched for any more, and its lease lets it go.
 *
 * Whatever a stopped task still makes of it, the reason of the stop decides how the attempt ended.
 */
export class RunningTask {
  readonly held: HeldTask;
  readonly job: RunningJob;
  readonly #options: RunningTaskOptions;
  #startedAt: number | undefined;
  #ranMs: number | undefined;
  #stopped: StopReason | undefined;
  #threadEnded = false;
  #bystander = false;
  #exitCode: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: RunningTaskOptions) {
    this.held = options.held;
    this.job = options.job;
    this.#options = options;
  }

  /** When it began, by `performance.now()`; undefined while it is queued. */
  get startedAt(): number | undefined {
    return this.#startedAt;
  }

  /** How long it ran, in milliseconds, once it has ended. */
  get ranMs(): number {
    return this.#ranMs ?? 0;
  }

  /** Its thread ended under it. */
  get threadEnded(): boolean {
    return this.#threadEnded;
  }

  begin(): void {
    this.#startedAt = performance.now();
    const { timeoutSeconds } = this.#options;
    if (timeoutSeconds === undefined || this.#stopped) return;
    this.#timer = setTimeout(() => this.stop('timeout', 'The time of the task is up'), timeoutSeconds * 1000);
  }

  /** Aborts the task's signal; after the grace its thread ends. The first reason counts, but for a lost lease. */
  stop(reason: StopReason, sentence: string): void {
    if (reason === 'lost' && this.#stopped) this.#stopped = reason;
    if (this.#stopped) return;
    this.#stopped = reason;
    this.job.abort(sentence);
    this.#next(GRACE_MS, () => this.#options.onKill(this));
  }

  /** Ends the thread now; `reason` is why, where the task was not stopped before. */
  async kill(reason?: StopReason): Promise<void> {
    this.#stopped ??= reason;
    this.#next(PATIENCE_MS, () => {
      this.#stopped = 'lost';
      this.#options.onStuck(this);
    });
    await this.job.kill();
  }

  /** The thread is ended because of another task on it. */
  standBy(): void {
    this.#bystander = true;
  }

  /** The task is about to end its own thread. */
  noteExit(code: string): void {
    this.#exitCode = code;
  }

  /** Waits for the end of the attempt, and of its thread where that has to end. */
  async ending(): Promise<Ending> {
    const ended = await this.job.end.catch((exit: ThreadExit) => exit);
    clearTimeout(this.#timer);
    this.#threadEnded = ended instanceof ThreadExit;
    this.#ranMs = ended instanceof ThreadExit ? performance.now() - (this.#startedAt ?? 0) : ended.ms;
    switch (this.#stopped) {
      case 'lost':
        return 'dropped';
      case 'timeout':
        return failure('timeout', `The attempt took longer than its ${this.#options.timeoutSeconds} s`);
      case 'cancelled':
        return CANCELLED;
      case 'shutdown':
        return failure('runner_stopped', 'The runner was stopped before the task had ended');
      case 'out_of_memory':
        return outOfMemory(this.held);
      default:
        return ended instanceof ThreadExit ? this.#afterExit(ended) : ended.outcome;
    }
  }

  #afterExit(exit: ThreadExit): Ending {
    if (this.#exitCode !== undefined) {
      return failure('crashed', `The task ended its thread: it called process.exit(${this.#exitCode})`);
    }
    if (this.#bystander) return 'given back';
    if (exit.outOfMemory) return outOfMemory(this.held);
    return failure('crashed', `The task's thread ended: ${exit.message}`);
  }

  #next(ms: number, step: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(step, ms);
  }
}

/** How a task ends that was called off. */
export const CANCELLED: Outcome = {
  error: { code: 'cancelled', message: 'The task was cancelled', retryable: false },
};

function failure(code: string, message: string): Outcome {
  return { error: { code, message } };
}

function outOfMemory({ entry }: HeldTask): Outcome {
  return failure('out_of_memory', `The attempt took more than the ${entry.memoryMb} MB of its type`);
}
