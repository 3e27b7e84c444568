import type { TaskThread } from '../threads/task-thread.ts';

interface Turn {
  readonly thread: TaskThread;
  readonly done: Promise<void>;
}

/** What the seats of a lane's threads are taken by. */
export class LaneTurns {
  readonly #seated = new Set<Turn>();
  /** Turns whose thread is leaving: it has no seats any more. */
  readonly #leaving = new Set<Turn>();

  /** How many seats are taken. */
  get size(): number {
    return this.#seated.size;
  }

  /** Takes a seat of a thread until `work` is done. */
  async seat(thread: TaskThread, work: Promise<void>): Promise<void> {
    const turn = { thread, done: work };
    this.#seated.add(turn);
    try {
      await work;
    } finally {
      this.#seated.delete(turn);
      this.#leaving.delete(turn);
    }
  }

  /** A thread is set aside or ended. */
  leave(thread: TaskThread): void {
    for (const turn of this.#seated) {
      if (turn.thread !== thread) continue;
      this.#seated.delete(turn);
      this.#leaving.add(turn);
    }
  }

  /** Resolves when there is none any more. */
  async idle(): Promise<void> {
    for (;;) {
      const turns = [...this.#seated, ...this.#leaving];
      if (turns.length === 0) return;
      await Promise.all(turns.map(({ done }) => done));
    }
  }
}
