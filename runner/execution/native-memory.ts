const MB = 2 ** 20;

/** Growth that is not looked at: the allocator's, and that of threads that start. */
const SLACK_BYTES = 256 * MB;
/** A thread that is being ended may go on to take this many times its allowance before others are blamed. */
const ENDING_FACTOR = 4;

/** Growths that differ by less than this share say nothing of which task is the cause. */
const TIE_SHARE = 0.1;

/** A thread with tasks, or one that is being ended. */
export interface MemoryUser<Task> {
  readonly tasks: readonly Task[];
  /** What its tasks may take, the largest allowance of any of them. */
  readonly allowedBytes: number;
  /** Its heap and its Buffers. */
  readonly usedBytes: number;
  readonly isEnding: boolean;
  /** How long it has been busy in its life, in milliseconds. */
  readonly busyMs: number;
}

/** A thread whose tasks have taken too much native memory, as far as that can be known. */
export interface NativeExcess<User> {
  readonly user: User;
  readonly grownBytes: number;
  /** How many tasks of other threads run at the same time: any of them may be the cause. */
  readonly others: number;
}

/**
 * Attributes native memory, such as an image library's, to tasks. It belongs to the process, not to a thread:
 * what is known is by how much it has grown while a task ran. A thread is blamed when that is more than all
 * threads together may still take: the one during whose tasks it grew most; of those with about the same growth
 * the one that was busy for longest.
 */
export class NativeMemory<Task> {
  #starts = new Map<Task, Start>();
  #latest = Number.POSITIVE_INFINITY;

  /** A thread has exited: what it has left behind is nobody's. */
  forgive(): void {
    this.#starts.clear();
    this.#latest = Number.POSITIVE_INFINITY;
  }

  /** @param nativeBytes the memory of the process that is in no thread's heap or Buffers. */
  sample<User extends MemoryUser<Task>>(
    nativeBytes: number,
    users: readonly User[],
  ): NativeExcess<User> | undefined {
    const starts = new Map<Task, Start>();
    for (const { tasks, busyMs } of users) {
      for (const task of tasks) {
        // A new task may have taken memory before it is first seen here.
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

/** What was measured when a task was first seen; the native memory since then at its least. */
interface Start {
  readonly bytes: number;
  readonly busyMs: number;
}

function leftTo<Task>({ allowedBytes, usedBytes, isEnding }: MemoryUser<Task>): number {
  return isEnding ? ENDING_FACTOR * allowedBytes : Math.max(0, allowedBytes - usedBytes);
}
