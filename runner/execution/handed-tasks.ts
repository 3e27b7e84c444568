import type { HeldTask } from '../held-task.ts';
import type { TaskThread } from '../threads/task-thread.ts';
import type { RunningTask } from './running-task.ts';

/** The tasks of a lane that were handed to a thread, until they have ended or are taken back. */
export class HandedTasks {
  readonly #byJob = new Map<number, RunningTask>();

  get size(): number {
    return this.#byJob.size;
  }

  get all(): RunningTask[] {
    return [...this.#byJob.values()];
  }

  /** Those that have begun. */
  get begun(): RunningTask[] {
    return this.all.filter(({ startedAt }) => startedAt !== undefined);
  }

  /** Those whose thread is not leaving. */
  get assigned(): RunningTask[] {
    return this.all.filter(({ job }) => !job.thread.isLeaving);
  }

  add(task: RunningTask): void {
    this.#byJob.set(task.job.id, task);
  }

  remove(task: RunningTask): void {
    this.#byJob.delete(task.job.id);
  }

  has(task: RunningTask): boolean {
    return this.#byJob.has(task.job.id);
  }

  byJob(jobId: number): RunningTask | undefined {
    return this.#byJob.get(jobId);
  }

  find(held: HeldTask): RunningTask | undefined {
    return this.all.find((task) => task.held === held);
  }

  /** What has begun on a thread. */
  on(thread: TaskThread): HeldTask[] {
    return this.begun.filter(({ job }) => job.thread === thread).map(({ held }) => held);
  }

  /** The other tasks of the threads of some. */
  besides(tasks: readonly RunningTask[]): RunningTask[] {
    const threads = new Set(tasks.map(({ job }) => job.thread));
    return this.all.filter((task) => threads.has(task.job.thread) && !tasks.includes(task));
  }

  /** Takes tasks back from their threads that have not begun, and returns these. */
  takeBack(tasks: Iterable<RunningTask>): HeldTask[] {
    return [...tasks].filter((task) => this.#takeBack(task)).map(({ held }) => held);
  }

  #takeBack({ job, startedAt }: RunningTask): boolean {
    return startedAt === undefined && job.takeBack() && this.#byJob.delete(job.id);
  }
}
