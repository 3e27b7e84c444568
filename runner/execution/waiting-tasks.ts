import type { HeldTask } from '../held-task.ts';

/** Tasks shorter than this are handed to a thread in batches that take it about this long. */
const TURN_MS = 50;
const MAX_TURN_TASKS = 100;

/** The tasks of a lane that are not handed to a thread, in the order in which they will start. */
export class WaitingTasks {
  readonly #threads: number;
  readonly #durationOf: (held: HeldTask) => number | undefined;
  #tasks: HeldTask[] = [];

  /**
   * @param threads how many threads share the tasks.
   * @param durationOf how long a task takes, in milliseconds, if that is known.
   */
  constructor(threads: number, durationOf: (held: HeldTask) => number | undefined) {
    this.#threads = threads;
    this.#durationOf = durationOf;
  }

  get all(): readonly HeldTask[] {
    return this.#tasks;
  }

  get count(): number {
    return this.#tasks.length;
  }

  /** Tasks that count as started come first, then the others by priority and arrival. */
  add(tasks: readonly HeldTask[]): void {
    const all = [...this.#tasks, ...tasks];
    const readAhead = all.filter((held) => held.readAhead);
    readAhead.sort((a, b) => (b.task.priority ?? 0) - (a.task.priority ?? 0));
    this.#tasks = [...all.filter((held) => !held.readAhead), ...readAhead];
  }

  /** Tasks that were taken back and have not started. */
  putBack(tasks: readonly HeldTask[]): void {
    this.#tasks.unshift(...tasks);
  }

  /** Removes some tasks. Returns how many of them were waiting. */
  remove(tasks: Iterable<HeldTask>): number {
    const before = this.#tasks.length;
    const removed = new Set(tasks);
    this.#tasks = this.#tasks.filter((held) => !removed.has(held));
    return before - this.#tasks.length;
  }

  takeAll(): HeldTask[] {
    return this.#tasks.splice(0);
  }

  takeOne(): HeldTask[] {
    return this.#tasks.splice(0, 1);
  }

  /**
   * The tasks for a free thread: one task and some short ones behind it, so few that all threads end at about the
   * same time. A task that counts as started is never queued behind another one.
   */
  takeBatch(): HeldTask[] {
    const [first] = this.takeOne();
    if (!first) return [];
    const from = this.#tasks.findIndex((held) => held.readAhead);
    if (from === -1) return [first];
    const most = Math.min(MAX_TURN_TASKS, Math.ceil((this.#tasks.length + 1) / this.#threads)) - 1;
    let ms = this.#durationOf(first) ?? TURN_MS;
    let count = 0;
    for (const held of this.#tasks.slice(from, from + most)) {
      ms += this.#durationOf(held) ?? TURN_MS;
      if (ms > TURN_MS) break;
      count += 1;
    }
    return [first, ...this.#tasks.splice(from, count)];
  }
}
