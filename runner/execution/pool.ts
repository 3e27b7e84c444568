import type { RunningJob } from '../threads/task-thread.ts';
import { TaskThread } from '../threads/task-thread.ts';
import type { TaskThreadOptions } from '../threads/thread-options.ts';
import type { Job } from '../threads/thread-protocol.ts';

/** The delay before a thread that did not start is started again. */
const RESTART_MS = 1000;
/** At least this many threads may be leaving while others take their places. */
const MIN_LEAVING = 2;
/** A shared thread that does not turn its event loop for this long is blocked by one of its tasks. */
const BLOCKED_MS = 3000;
const CHECK_MS = 500;

export interface PoolOptions extends Omit<TaskThreadOptions, 'onExit'> {
  readonly threads: number;
  /** A thread is leaving or has exited, so the slots may have changed. */
  readonly onSlots: () => void;
  /** A shared thread does not turn its event loop, so it is set aside. */
  readonly onBlocked: (thread: TaskThread) => void;
  /** A thread that was set aside turns its event loop again and gets jobs again. */
  readonly onReturned: (thread: TaskThread) => void;
  /** Every shared thread is blocked and no more may be started, so this one and its tasks must end. */
  readonly onNoThreadLeft: (thread: TaskThread) => void;
}

/**
 * The threads of a lane. A thread that is being ended is replaced at once, so that only its own tasks wait for its
 * end. A shared thread that one of its tasks blocks is also replaced, and continues with its tasks. The number of
 * leaving threads is limited to the pool's places, but at least {@link MIN_LEAVING}. At the limit, a place stays
 * empty until a leaving thread has exited. If no place is left, a thread that was set aside returns, or the one
 * that is blocked for longest is ended.
 */
export class ThreadPool {
  readonly #options: PoolOptions;
  readonly #threads = new Set<TaskThread>();
  readonly #leaving = new Set<TaskThread>();
  readonly #check: NodeJS.Timeout | undefined;
  #restart: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    if (options.tasksPerThread > 1) {
      this.#check = setInterval(() => this.#setAsideBlocked(), CHECK_MS).unref();
    }
    this.#fill();
  }

  /** The number of jobs that its threads may run at once now. */
  get slots(): number {
    return this.#threads.size * this.#options.tasksPerThread;
  }

  /** Whether any of its threads has not exited. */
  get hasThreads(): boolean {
    return this.#threads.size + this.#leaving.size > 0;
  }

  /** Waits until the threads have started and loaded these files, so that the first tasks need not wait. */
  async warmUp(modules: readonly string[]): Promise<void> {
    await Promise.all([...this.#threads].map((thread) => thread.warmUp(modules)));
  }

  /**
   * Runs jobs on a thread, one after the other.
   *
   * @throws {Error} if there is no free slot.
   */
  start(jobs: readonly Job[]): RunningJob[] {
    let best: TaskThread | undefined;
    for (const thread of this.#threads) if (!best || isBetter(thread, best)) best = thread;
    if (!best) throw new Error('The pool has no thread that can run a job');
    return best.start(jobs);
  }

  /** Ends all threads, and resolves when they have exited. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#restart);
    clearInterval(this.#check);
    await Promise.all([...this.#threads, ...this.#leaving].map((thread) => thread.end()));
  }

  #setAsideBlocked(): void {
    for (const thread of this.#threads) {
      if (thread.blockedMs() < BLOCKED_MS) continue;
      this.#options.onBlocked(thread);
      thread.setAside();
    }
    if (this.#threads.size === 0) this.#reopen();
  }

  /** Makes a place for a thread when all threads are leaving. Those that are being ended are waited for. */
  #reopen(): void {
    const aside = [...this.#leaving].filter(({ endingSince }) => endingSince === undefined);
    const returned = aside.find((thread) => thread.blockedMs() < BLOCKED_MS && thread.takeBackIn());
    if (!returned) {
      if (aside[0]) this.#options.onNoThreadLeft(aside[0]);
      return;
    }
    this.#leaving.delete(returned);
    this.#threads.add(returned);
    this.#options.onReturned(returned);
    this.#options.onSlots();
  }

  #fill(): void {
    const { threads } = this.#options;
    const most = threads + Math.max(threads, MIN_LEAVING);
    while (
      !this.#isClosed &&
      this.#threads.size < threads &&
      this.#threads.size + this.#leaving.size < most
    ) {
      try {
        this.#threads.add(this.#create());
      } catch (error) {
        this.#options.onStrayError(error instanceof Error ? error : new Error(String(error)));
        this.#fillLater();
        return;
      }
    }
  }

  #create(): TaskThread {
    return new TaskThread({
      ...this.#options,
      onLeaving: (thread) => {
        this.#threads.delete(thread);
        this.#leaving.add(thread);
        this.#options.onLeaving(thread);
        this.#fill();
        this.#options.onSlots();
      },
      onExit: (thread) => {
        this.#threads.delete(thread);
        this.#leaving.delete(thread);
        // If a thread did not start, the next one may not start either.
        if (thread.isReady || thread.endingSince !== undefined) this.#fill();
        else this.#fillLater();
        this.#options.onSlots();
      },
    });
  }

  #fillLater(): void {
    clearTimeout(this.#restart);
    this.#restart = setTimeout(() => {
      this.#fill();
      this.#options.onSlots();
    }, RESTART_MS).unref();
  }
}

function isBetter(one: TaskThread, other: TaskThread): boolean {
  return one.load < other.load || (one.load === other.load && one.isReady && !other.isReady);
}
