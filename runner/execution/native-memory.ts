const MB = 2 ** 20;

/** Growth that is ignored: by the allocator and by starting threads. */
const SLACK_BYTES = 256 * MB;
/** An ending thread may still take this many times its allowance before other threads are blamed. */
const ENDING_FACTOR = 4;

/** Growths that differ by less than this share do not show which task is the cause. */
const TIE_SHARE = 0.1;

/** A thread with tasks, or one that is being ended. */
export interface MemoryUser<Task> {
  readonly tasks: readonly Task[];
  /** The largest allowance of its tasks. */
  readonly allowedBytes: number;
  /** Its heap and its Buffers. */
  readonly usedBytes: number;
  readonly isEnding: boolean;
  /** How long it has been busy in its life, in milliseconds. */
  readonly busyMs: number;
}

/** A thread whose tasks have probably taken too much native memory. */
export interface NativeExcess<User> {
  readonly user: User;
  readonly grownBytes: number;
  /** The number of concurrent tasks on other threads. Any of them may be the cause. */
  readonly others: number;
}

/**
 * Attributes native memory, such as an image library's, to tasks. Native memory belongs to the process, not to a
 * thread: only its growth during a task is known. If the growth is more than all threads together may still take,
 * the thread with the most growth during its tasks is blamed. Of threads with about the same growth, the one that
 * was busy for longest is blamed.
 */
export class NativeMemory<Task> {
  #starts = new Map<Task, Start>();
  #latest = Number.POSITIVE_INFINITY;

  /** A thread has exited. The memory that it leaves behind is attributed to no task. */
  forgive(): void {
    this.#starts.clear();
    this.#latest = Number.POSITIVE_INFINITY;
  }

  /** @param nativeBytes the memory of the process without the heaps and Buffers of its threads. */
  sample<User extends MemoryUser<Task>>(
    nativeBytes: number,
    users: readonly User[],
  ): NativeExcess<User> | undefined {
    const starts = new Map<Task, Start>();
    for (const { tasks, busyMs } of users) {
      for (const task of tasks) {
        // A new task may have taken memory before its first measurement.
        const start = this.#starts.get(task) ?? { bytes: this.#latest, busyMs };
        starts.set(task, { ...start, bytes: Math.min(start.bytes, nativeBytes) });
      }
    }
    this.#starts = starts;
    this.#latest = nativeBytes;
    const allowed = users.reduce((sum, user) => sum + leftTo(user), SLACK_BYTES);
    const suspects = users
      .filter(({ isEnding, tasks }) => !isEnding && tasks.length > 0)
      .map((user) => this.#suspect(user, nativeBytes));
    const most = Math.max(0, ...suspects.map(({ grownBytes }) => grownBytes));
    if (most <= allowed) return undefined;
    const [likeliest] = suspects
      .filter(({ grownBytes }) => grownBytes >= most * (1 - TIE_SHARE))
      .sort((a, b) => b.busyMs - a.busyMs);
    if (!likeliest) return undefined;
    const { user, grownBytes } = likeliest;
    return { user, grownBytes, others: starts.size - user.tasks.length };
  }

  #suspect<User extends MemoryUser<Task>>(user: User, nativeBytes: number) {
    const starts = user.tasks.flatMap((task) => this.#starts.get(task) ?? []);
    return {
      user,
      grownBytes: nativeBytes - Math.min(...starts.map(({ bytes }) => bytes)),
      busyMs: user.busyMs - Math.min(...starts.map(({ busyMs }) => busyMs)),
    };
  }
}

/** The measurements when a task was first seen, with the lowest native memory since then. */
interface Start {
  readonly bytes: number;
  readonly busyMs: number;
}

function leftTo<Task>({ allowedBytes, usedBytes, isEnding }: MemoryUser<Task>): number {
  return isEnding ? ENDING_FACTOR * allowedBytes : Math.max(0, allowedBytes - usedBytes);
}
