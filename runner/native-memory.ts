const MB = 2 ** 20;

/** Growth that is not looked at: the allocator's, and that of threads that start. */
const SLACK_BYTES = 256 * MB;
/** A thread that is being ended may go on to take this many times its allowance before others are blamed. */
const ENDING_FACTOR = 4;

/** A thread with tasks, or one that is being ended. */
export interface MemoryUser<Task> {
  readonly tasks: readonly Task[];
  /** What its tasks may take, the largest allowance of any of them. */
  readonly allowedBytes: number;
  /** Its heap and its Buffers. */
  readonly usedBytes: number;
  readonly isEnding: boolean;
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
 * threads together may still take; the one during whose tasks it grew most goes first.
 */
export class NativeMemory<Task> {
  /** The least native memory of the process while a task ran. */
  #floors = new Map<Task, number>();
  #latest = Number.POSITIVE_INFINITY;

  /** A thread has exited: what it has left behind is nobody's. */
  forgive(): void {
    this.#floors.clear();
    this.#latest = Number.POSITIVE_INFINITY;
  }

  /** @param nativeBytes the memory of the process that is in no thread's heap or Buffers. */
  sample<User extends MemoryUser<Task>>(
    nativeBytes: number,
    users: readonly User[],
  ): NativeExcess<User> | undefined {
    const tasks = users.flatMap((user) => user.tasks);
    this.#floors = new Map(
      // A new task may have taken memory before it is first seen here.
      tasks.map((task) => [task, Math.min(nativeBytes, this.#floors.get(task) ?? this.#latest)]),
    );
    this.#latest = nativeBytes;
    const allowed = users.reduce((sum, user) => sum + leftTo(user), SLACK_BYTES);
    let worst: NativeExcess<User> | undefined;
    for (const user of users) {
      if (user.isEnding) continue;
      const grownBytes = Math.max(
        ...user.tasks.map((task) => nativeBytes - this.#floorOf(task, nativeBytes)),
      );
      if (grownBytes <= allowed || (worst && worst.grownBytes >= grownBytes)) continue;
      worst = { user, grownBytes, others: tasks.length - user.tasks.length };
    }
    return worst;
  }

  #floorOf(task: Task, nativeBytes: number): number {
    return this.#floors.get(task) ?? nativeBytes;
  }
}

function leftTo<Task>({ allowedBytes, usedBytes, isEnding }: MemoryUser<Task>): number {
  return isEnding ? ENDING_FACTOR * allowedBytes : Math.max(0, allowedBytes - usedBytes);
}
