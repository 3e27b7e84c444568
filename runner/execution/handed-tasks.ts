import { type AttemptIds, type HeldTask, idsOf } from '../held-task.ts';
import type { TaskThread } from '../threads/task-thread.ts';
import type { RunningTask } from './running-task.ts';

/** A task that has ended is remembered until this many others have. */
const MAX_ENDED = 200;

/** The tasks of a lane that were handed to a thread and have neither ended nor been taken back. */
export class HandedTasks {
  readonly #byJob = new Map<number, RunningTask>();
  /** Ids only: an ended task must not keep its payload in memory, nor an exited thread. */
  readonly #ended = new WeakMap<TaskThread, Map<number, AttemptIds>>();

  get size(): number {
    return this.#byJob.size;
  }

  get all(): RunningTask[] {
    return [...this.#byJob.values()];
  }

  /** The tasks that have started. */
  get begun(): RunningTask[] {
    return this.all.filter(({ startedAt }) => startedAt !== undefined);
  }

  /** The tasks whose thread is not leaving. */
  get assigned(): RunningTask[] {
    return this.all.filter(({ job }) => !job.thread.isLeaving);
  }

  add(task: RunningTask): void {
    this.#byJob.set(task.job.id, task);
  }

  remove(task: RunningTask): void {
    const { id, thread } = task.job;
    this.#byJob.delete(id);
    const ended = this.#ended.get(thread) ?? new Map<number, AttemptIds>();
    this.#ended.set(thread, ended.set(id, idsOf(task.held)));
    const [oldest] = ended.keys();
    if (ended.size > MAX_ENDED && oldest !== undefined) ended.delete(oldest);
  }

  /** The ids of a job that has ended on a thread; undefined for other jobs, and for those that ended long ago. */
  endedOn(thread: TaskThread, jobId: number): AttemptIds | undefined {
    return this.#ended.get(thread)?.get(jobId);
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

  /** The tasks that were handed to a thread. */
  onThread(thread: TaskThread): RunningTask[] {
    return this.all.filter(({ job }) => job.thread === thread);
  }

  /** The tasks that have started on a thread. */
  on(thread: TaskThread): HeldTask[] {
    return this.onThread(thread).flatMap(({ startedAt, held }) => (startedAt === undefined ? [] : held));
  }

  /** The other tasks on the threads of some tasks. */
  besides(tasks: readonly RunningTask[]): RunningTask[] {
    const threads = new Set(tasks.map(({ job }) => job.thread));
    return this.all.filter((task) => threads.has(task.job.thread) && !tasks.includes(task));
  }

  /** Takes tasks that have not started back from their threads, and returns them. */
  takeBack(tasks: Iterable<RunningTask>): HeldTask[] {
    return [...tasks].filter((task) => this.#takeBack(task)).map(({ held }) => held);
  }

  #takeBack({ job, startedAt }: RunningTask): boolean {
    return startedAt === undefined && job.takeBack() && this.#byJob.delete(job.id);
  }
}
