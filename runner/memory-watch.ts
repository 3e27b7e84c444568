import type { Worker } from 'node:worker_threads';
import type { RunningTask } from './running-task.ts';

const CHECK_MS = 100;
/** A thread of short tasks is looked at this often: each look interrupts it. */
const SHORT_TASKS_CHECK_MS = 1000;
const MB = 2 ** 20;

export interface MemoryWatchOptions {
  readonly running: () => Iterable<RunningTask>;
  /** A thread has more than its tasks may: the largest allowance of any of them. */
  readonly onExceeded: (tasks: readonly RunningTask[]) => void;
}

/**
 * Looks at the heap and the Buffers of the threads that run tasks. A thread's own limit covers its heap
 * alone, and is one for all task types.
 */
export class MemoryWatch {
  readonly #options: MemoryWatchOptions;
  readonly #timer: NodeJS.Timeout;
  #checking = false;
  #nextForAllAt = 0;

  constructor(options: MemoryWatchOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.#check(), CHECK_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #check(): Promise<void> {
    if (this.#checking) return;
    this.#checking = true;
    const now = performance.now();
    const all = now >= this.#nextForAllAt;
    if (all) this.#nextForAllAt = now + SHORT_TASKS_CHECK_MS;
    const byThread = new Map<Worker, RunningTask[]>();
    for (const task of this.#options.running()) {
      const thread = task.job.thread();
      if (thread) byThread.set(thread, [...(byThread.get(thread) ?? []), task]);
    }
    const due = [...byThread].filter(
      ([, tasks]) => all || tasks.some(({ startedAt = now }) => now - startedAt >= CHECK_MS),
    );
    await Promise.all(due.map(([thread, tasks]) => this.#checkThread(thread, tasks)));
    this.#checking = false;
  }

  async #checkThread(thread: Worker, tasks: readonly RunningTask[]): Promise<void> {
    const allowedMb = Math.max(...tasks.map((task) => task.held.entry.memoryMb));
    // A thread that has just ended has no statistics, and needs none.
    const heap = await thread.getHeapStatistics().catch(() => undefined);
    if (heap && heap.used_heap_size + heap.external_memory > allowedMb * MB) this.#options.onExceeded(tasks);
  }
}
