import { getHeapStatistics } from 'node:v8';
import type { RunnerBus } from '../events.ts';
import type { TaskThread } from '../threads/task-thread.ts';
import { type NativeExcess, NativeMemory } from './native-memory.ts';
import type { RunningTask } from './running-task.ts';

const CHECK_MS = 100;
/** How often a thread of short tasks is measured. Each measurement interrupts it. */
const SHORT_TASKS_CHECK_MS = 1000;
/** How often the log repeats that the memory cannot be read. */
const WARN_MS = 60_000;
const MB = 2 ** 20;
/** Less freed memory does not matter for the native memory, see `SLACK_BYTES`. */
const FREED_BYTES = 32 * MB;
/** A larger excess is not garbage alone. */
const CERTAIN_EXCESS_BYTES = 256 * MB;
/** A smaller excess counts if it lasts this long. */
const LASTING_MS = 1000;

/** Tasks whose memory is watched. */
export interface WatchedTasks {
  readonly running: () => Iterable<RunningTask>;
  /**
   * A thread uses more memory than the largest allowance of its tasks.
   *
   * @param sentence describes the measurement and its certainty.
   */
  readonly onExceeded: (tasks: readonly RunningTask[], sentence: string) => void;
}

/** The measurements of a thread that has run tasks. */
interface WatchedThread {
  readonly thread: TaskThread;
  tasks: RunningTask[];
  watched: WatchedTasks;
  allowedMb: number;
  usedBytes: number;
  residentBytes: number;
  /** When it was measured last, by `performance.now()`. */
  measuredAt: number;
  /** Since when it has used more than it is allowed, by `performance.now()`; undefined if it does not. */
  exceedsSince: number | undefined;
  /** The thread has not answered the question for its heap, because it is in a native call. */
  isAsked: boolean;
}

/**
 * Watches the memory of the threads that run tasks. V8 counts the heap and the Buffers of each thread. {@link
 * NativeMemory} attributes the other memory of the process. A thread's own limit covers only its heap and is
 * the same for all task types.
 */
export class MemoryWatch {
  readonly #events: RunnerBus;
  readonly #residentBytes: () => number;
  readonly #watched = new Set<WatchedTasks>();
  readonly #threads = new Map<TaskThread, WatchedThread>();
  readonly #native = new NativeMemory<RunningTask>();
  #timer: NodeJS.Timeout | undefined;
  #nextForAllAt = 0;
  #nextWarningAt = 0;

  /** @param residentBytes reads the memory of the process; throws if the system does not provide it. */
  constructor(events: RunnerBus, residentBytes: () => number = process.memoryUsage.rss) {
    this.#events = events;
    this.#residentBytes = residentBytes;
  }

  /** Watches some tasks until the returned function is called. */
  watch(tasks: WatchedTasks): () => void {
    this.#watched.add(tasks);
    this.#timer ??= setInterval(() => this.#check(), CHECK_MS).unref();
    return () => {
      this.#watched.delete(tasks);
      if (this.#watched.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  }

  #check(): void {
    this.#collect();
    const now = performance.now();
    const all = now >= this.#nextForAllAt;
    if (all) this.#nextForAllAt = now + SHORT_TASKS_CHECK_MS;
    for (const one of this.#threads.values()) {
      const isDue = all || one.tasks.some(({ startedAt = now }) => now - startedAt >= CHECK_MS);
      if (one.tasks.length > 0 && isDue && !one.isAsked) void this.#ask(one);
    }
    this.#checkNative();
  }

  /** Notes which thread runs which tasks. */
  #collect(): void {
    for (const one of this.#threads.values()) one.tasks = [];
    for (const watched of this.#watched) {
      for (const task of watched.running()) {
        const { thread } = task.job;
        const one = this.#threads.get(thread) ?? this.#add(thread, watched);
        one.tasks.push(task);
      }
    }
    for (const one of this.#threads.values()) {
      if (one.tasks.length === 0) {
        one.exceedsSince = undefined;
        continue;
      }
      one.allowedMb = Math.max(...one.tasks.map(({ held }) => held.entry.memoryMb));
    }
  }

  #add(thread: TaskThread, watched: WatchedTasks): WatchedThread {
    const one: WatchedThread = {
      thread,
      watched,
      tasks: [],
      allowedMb: 0,
      usedBytes: 0,
      residentBytes: 0,
      measuredAt: 0,
      isAsked: false,
      exceedsSince: undefined,
    };
    this.#threads.set(thread, one);
    void thread.exited.then(() => {
      this.#threads.delete(thread);
      this.#native.forgive();
    });
    return one;
  }

  async #ask(one: WatchedThread): Promise<void> {
    const { tasks } = one;
    one.isAsked = true;
    const memory = await one.thread.memory();
    one.isAsked = false;
    if (!memory) return;
    const isOfEarlierTasks = tasks.every(({ startedAt = 0 }) => startedAt > one.measuredAt);
    // The system gets back the garbage of earlier tasks with a delay, in which it looks like native memory.
    if (isOfEarlierTasks && memory.residentBytes < one.residentBytes - FREED_BYTES) this.#native.forgive();
    Object.assign(one, memory, { measuredAt: performance.now() });
    // A thread in a native call answers late. Other tasks may run on it by then.
    const { allowedMb } = one;
    const still = tasks.filter((task) => one.tasks.includes(task));
    if (still.length === 0 || !exceeds(one, memory.usedBytes - allowedMb * MB)) return;
    one.watched.onExceeded(still, heapSentence(still.length, allowedMb));
  }

  #checkNative(): void {
    const ownBytes = this.#ownNativeBytes();
    if (ownBytes === undefined) return;
    let nativeBytes = ownBytes;
    const users = [...this.#threads.values()].flatMap((one) => {
      nativeBytes -= one.residentBytes;
      const isEnding = one.thread.endingSince !== undefined;
      if (one.tasks.length === 0 && !isEnding) return [];
      return { ...one, isEnding, allowedBytes: one.allowedMb * MB, busyMs: one.thread.busyMs };
    });
    const excess = this.#native.sample(nativeBytes, users);
    if (excess) excess.user.watched.onExceeded(excess.user.tasks, nativeSentence(excess));
  }

  /** The memory of the process without the main thread's heap and Buffers; undefined if it cannot be read now. */
  #ownNativeBytes(): number | undefined {
    try {
      const { total_heap_size, external_memory } = getHeapStatistics();
      return this.#residentBytes() - total_heap_size - external_memory;
    } catch (error) {
      this.#warnUnreadable(error);
      return undefined;
    }
  }

  /** The memory is read from a file, which fails if tasks have opened all files that the process may open. */
  #warnUnreadable(error: unknown): void {
    const now = performance.now();
    if (now < this.#nextWarningAt) return;
    this.#nextWarningAt = now + WARN_MS;
    const reason = error instanceof Error ? error.message : String(error);
    const sentence = `The memory of this process cannot be read (${reason}), so native memory of tasks is not limited until it can. If too many files are open, look for a task that does not close its files, or raise the limit (ulimit -n)`;
    this.#events.emit('warned', { sentence, ids: undefined });
  }
}

function heapSentence(tasks: number, allowedMb: number): string {
  return tasks === 1
    ? `The attempt took more than the ${allowedMb} MB of its type`
    : `The thread that the attempt shared with ${tasks - 1} other(s) took more than ${allowedMb} MB, the most that one of their types may take. It is not known which of them took it`;
}

/**
 * Whether a thread has more memory than it may have. Garbage that V8 has not collected yet counts too, so a small
 * excess must last.
 */
function exceeds(one: WatchedThread, excessBytes: number): boolean {
  const now = performance.now();
  if (excessBytes <= 0) one.exceedsSince = undefined;
  else one.exceedsSince ??= now;
  return excessBytes > CERTAIN_EXCESS_BYTES || (one.exceedsSince ?? now) + LASTING_MS <= now;
}

function nativeSentence({ user, grownBytes, others }: NativeExcess<WatchedThread>): string {
  const grownMb = Math.round(grownBytes / MB);
  const cause =
    others === 0
      ? 'no task of another thread runs'
      : `${others} task(s) of other threads run too: this one is the likely cause, not a certain one`;
  return `The runner's native memory grew by ${grownMb} MB during the attempt, whose type may take ${user.allowedMb} MB; ${cause}`;
}
