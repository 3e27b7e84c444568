import type { HeldTask } from '../held-task.ts';
import { ThreadExit } from '../threads/open-jobs.ts';
import type { RunningJob } from '../threads/task-thread.ts';
import type { JobEnd, Outcome } from '../threads/thread-protocol.ts';

/** How long a task may take to end after its signal was aborted. */
const GRACE_MS = 1000;
/** How long its thread may take to end after that, because a native call must finish first. */
const TERMINATE_TIMEOUT_MS = 5000;

/** Why the runner stops an attempt early. */
export type StopReason = 'timeout' | 'lost' | 'cancelled' | 'out_of_memory' | 'blocked' | 'shutdown';

/**
 * How an attempt ended: with an outcome to report, or without one. A `stuck` attempt may still run, and this
 * runner cannot know what it does.
 */
export type Ending = Outcome | 'dropped' | 'given back' | 'stuck';

export interface RunningTaskOptions {
  readonly held: HeldTask;
  readonly job: RunningJob;
  readonly timeoutSeconds: number | undefined;
  /** The grace is over, so the task's thread must end. */
  readonly onKill: (task: RunningTask) => void;
}

/**
 * One attempt under supervision.
 *
 * - **queued** on its thread behind other tasks: ends when it starts, or by a stop. Its timeout does not
 *   count yet.
 * - **running**: ends with the task, with its thread, or by a stop.
 * - **stopping**: its signal is aborted. Ends with the task, or when the grace is over.
 * - **killing**: its thread is being ended. Ends when the thread has exited. If that takes too long, the
 *   attempt has no outcome, even if the task ends later.
 *
 * The reason of the stop decides the outcome of a stopped task, even if the task still returns or throws.
 */
export class RunningTask {
  readonly held: HeldTask;
  readonly job: RunningJob;
  readonly #options: RunningTaskOptions;
  #startedAt: number | undefined;
  #ranMs: number | undefined;
  #stopped: StopReason | undefined;
  #sentence: string | undefined;
  #threadEnded = false;
  #isStuck = false;
  #bystander = false;
  #exitCode: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** The end of the task or of its thread; `unbegun` if it was taken back; undefined if the thread does not end. */
  readonly #end = Promise.withResolvers<JobEnd | ThreadExit | 'unbegun' | undefined>();

  constructor(options: RunningTaskOptions) {
    this.held = options.held;
    this.job = options.job;
    this.#options = options;
    this.job.end.then(this.#end.resolve, this.#end.resolve);
  }

  /** When it started, by `performance.now()`; undefined while it is queued. */
  get startedAt(): number | undefined {
    return this.#startedAt;
  }

  /** How long it ran, in milliseconds, once it has ended. */
  get ranMs(): number {
    return this.#ranMs ?? 0;
  }

  /** Its thread ended before the task, or does not end. */
  get threadEnded(): boolean {
    return this.#threadEnded;
  }

  /** Its thread does not end, and it is unknown what the thread still does. */
  get isStuck(): boolean {
    return this.#isStuck;
  }

  begin(): void {
    this.#startedAt = performance.now();
    const { timeoutSeconds } = this.#options;
    if (timeoutSeconds === undefined || this.#stopped) return;
    this.#timer = setTimeout(() => this.stop('timeout', 'The time of the task is up'), timeoutSeconds * 1000);
  }

  /** Aborts the task's signal, and ends its thread after the grace. A lost lease overrides the first reason. */
  stop(reason: StopReason, sentence: string): void {
    if (reason === 'lost' && this.#stopped) this.#stopped = reason;
    if (this.#stopped) return;
    this.#stopped = reason;
    this.job.abort(sentence);
    this.#next(GRACE_MS, () => this.#options.onKill(this));
  }

  /** Ends the thread now. `reason` and `sentence` give the cause if the task was not stopped before. */
  kill(reason?: StopReason, sentence?: string): void {
    this.#stopped ??= reason;
    this.#sentence ??= sentence;
    this.#awaitExit();
    void this.job.thread.end();
  }

  /** The thread is ended because of another task on it. */
  markBystander(): void {
    this.#bystander = true;
    this.#awaitExit();
  }

  /** Takes it back if its thread has not begun it, because something else blocks the thread. */
  giveBackUnbegun(): void {
    if (this.job.takeBack()) this.#end.resolve('unbegun');
  }

  /** The task is about to end its own thread. */
  noteExit(code: string): void {
    this.#exitCode = code;
  }

  /** Waits for the end of the attempt, and for the end of its thread if that must end. */
  async ending(): Promise<Ending> {
    const ended = await this.#end.promise;
    clearTimeout(this.#timer);
    if (ended === 'unbegun') return this.#stopped === 'lost' ? 'dropped' : 'given back';
    this.#isStuck = ended === undefined;
    this.#threadEnded = ended === undefined || ended instanceof ThreadExit;
    this.#ranMs =
      ended === undefined || ended instanceof ThreadExit
        ? performance.now() - (this.#startedAt ?? 0)
        : ended.ms;
    if (ended === undefined) return this.#endingOfStuck();
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
        return this.#outOfMemory();
      case 'blocked':
        return failure('blocked', this.#sentence ?? 'The thread of the attempt was blocked');
      default:
        return ended instanceof ThreadExit ? this.#afterExit(ended) : ended.outcome;
    }
  }

  #endingOfStuck(): Ending {
    if (this.#stopped === 'lost') return 'dropped';
    return this.#bystander && this.#stopped === undefined ? 'given back' : 'stuck';
  }

  #afterExit(exit: ThreadExit): Ending {
    if (this.#exitCode !== undefined) {
      return failure('crashed', `The task ended its thread: it called process.exit(${this.#exitCode})`);
    }
    if (this.#bystander) return 'given back';
    if (exit.outOfMemory) return this.#outOfMemory();
    return failure('crashed', `The task's thread ended: ${exit.message}`);
  }

  #outOfMemory(): Outcome {
    const { memoryMb } = this.held.entry;
    return failure(
      'out_of_memory',
      this.#sentence ?? `The attempt took more than the ${memoryMb} MB of its type`,
    );
  }

  #awaitExit(): void {
    this.#next(TERMINATE_TIMEOUT_MS, () => this.#end.resolve(undefined));
  }

  #next(ms: number, step: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(step, ms);
  }
}

/** The outcome of a cancelled task. */
export const CANCELLED: Outcome = {
  error: { code: 'cancelled', message: 'The task was cancelled', retryable: false },
};

function failure(code: string, message: string): Outcome {
  return { error: { code, message } };
}
