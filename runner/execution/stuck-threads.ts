import type { RunnerBus } from '../events.ts';
import type { TaskThread } from '../threads/task-thread.ts';
import type { RunningTask } from './running-task.ts';

/** A thread that must end but does not. */
export interface StuckThread {
  /** The task because of which it must end. */
  readonly taskId: string;
  readonly type: string;
  /** When it was told to end, in Unix milliseconds. */
  readonly since: number;
}

/** The threads of a lane that do not end because native code still runs. */
export class StuckThreads {
  readonly #events: RunnerBus;
  readonly #threads = new Map<TaskThread, StuckThread>();

  constructor(events: RunnerBus) {
    this.#events = events;
  }

  /** The stuck threads, the longest stuck first. */
  get list(): readonly StuckThread[] {
    return [...this.#threads.values()].sort((a, b) => a.since - b.since);
  }

  /** Notes a thread by one of its tasks, and forgets it when it has exited. */
  add({ held, job: { thread } }: RunningTask): void {
    if (this.#threads.has(thread)) return;
    const startedAt = thread.endingSince ?? performance.now();
    const { taskId, type } = held.task;
    this.#threads.set(thread, { taskId, type, since: performance.timeOrigin + startedAt });
    this.#events.emit('stuck', held);
    void thread.exited.then(() => {
      this.#threads.delete(thread);
      this.#events.emit('unstuck', { held, ms: performance.now() - startedAt });
    });
  }
}
