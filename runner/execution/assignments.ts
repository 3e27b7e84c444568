import type { TaskThread } from '../threads/task-thread.ts';

interface Assignment {
  readonly thread: TaskThread;
  readonly done: Promise<void>;
}

/** The work that occupies the slots of a lane's threads. */
export class Assignments {
  readonly #current = new Set<Assignment>();
  /** Work on threads that are leaving and have no slots any more. */
  readonly #leaving = new Set<Assignment>();

  /** The number of occupied slots. */
  get size(): number {
    return this.#current.size;
  }

  /** Occupies a slot of a thread until `work` is done. */
  async assign(thread: TaskThread, work: Promise<void>): Promise<void> {
    const assignment = { thread, done: work };
    this.#current.add(assignment);
    try {
      await work;
    } finally {
      this.#current.delete(assignment);
      this.#leaving.delete(assignment);
    }
  }

  /** A thread is set aside or ended. */
  leave(thread: TaskThread): void {
    for (const assignment of this.#current) {
      if (assignment.thread !== thread) continue;
      this.#current.delete(assignment);
      this.#leaving.add(assignment);
    }
  }

  /** A thread that was set aside has its slots again. */
  rejoin(thread: TaskThread): void {
    for (const assignment of this.#leaving) {
      if (assignment.thread !== thread) continue;
      this.#leaving.delete(assignment);
      this.#current.add(assignment);
    }
  }

  /** Resolves when no work is left. */
  async idle(): Promise<void> {
    for (;;) {
      const assignments = [...this.#current, ...this.#leaving];
      if (assignments.length === 0) return;
      await Promise.all(assignments.map(({ done }) => done));
    }
  }
}
