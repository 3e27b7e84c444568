import { setTimeout as sleep } from 'node:timers/promises';
import { type HeldTask, idsOf } from '../held-task.ts';
import type { TaskThread } from '../threads/task-thread.ts';
import { taskEnv, threadEnv } from '../threads/thread-env.ts';
import type { ThreadMessage } from '../threads/thread-messages.ts';
import { Assignments } from './assignments.ts';
import { HandedTasks } from './handed-tasks.ts';
import type { LaneSetup } from './lane-setup.ts';
import { ThreadPool } from './pool.ts';
import { Relay } from './relay.ts';
import { type Ending, RunningTask, type StopReason } from './running-task.ts';
import { StuckThreads } from './stuck-threads.ts';

/** If a task runs this long, the tasks queued behind it are taken back. */
const STALL_MS = 100;
/**
 * V8's own limit is higher than that of the types by this size. The memory watch ends a task first: at its own
 * limit, V8 may end the whole process.
 */
const HEAP_HEADROOM_MB = 512;
/** How long a closing lane waits for threads that run no tasks. */
const CLOSE_TIMEOUT_MS = 1000;

export interface LaneThreadsOptions extends LaneSetup {
  readonly onBegun: (task: RunningTask) => void;
  readonly onEnded: (task: RunningTask, ending: Ending) => void;
  /** Tasks that have not started are taken back from their thread. */
  readonly onPutBack: (tasks: readonly HeldTask[]) => void;
  /** A batch has left its slot. */
  readonly onFree: () => void;
  /** A thread has left or started, so the slots may have changed. */
  readonly onSlots: () => void;
}

/**
 * Runs the tasks of a lane on its threads and follows each task until it ends. A batch is a list of tasks that use
 * one slot, one after the other. A new thread takes over the slots of a thread that is being ended. The tasks of
 * the old thread end when it has exited or, if that takes too long, as stuck.
 */
export class LaneThreads {
  readonly #options: LaneThreadsOptions;
  readonly #pool: ThreadPool;
  readonly #unwatch: () => void;
  readonly #handed = new HandedTasks();
  readonly #assignments = new Assignments();
  readonly #stuck: StuckThreads;
  readonly #messages: Relay;
  #running = 0;
  #jobs = 0;

  constructor(options: LaneThreadsOptions) {
    this.#options = options;
    this.#stuck = new StuckThreads(options.events);
    this.#messages = new Relay(options.events);
    this.#pool = new ThreadPool({
      threads: options.threads,
      tasksPerThread: options.tasksPerThread,
      env: threadEnv(options.env),
      heapMb: HEAP_HEADROOM_MB + Math.max(0, ...options.types.map((entry) => entry.memoryMb)),
      onMessage: (message, thread) => this.#relay(message, thread),
      onBadMessage: (problem, thread) => this.#messages.refuse(problem, this.#handed.on(thread)),
      onBlocked: (thread) => this.#noteBlocked(thread),
      onReturned: (thread) => this.#assignments.rejoin(thread),
      onNoThreadLeft: (thread) => this.#endBlocked(thread),
      onStrayError: (error) => options.events.emit('stray', { sentence: error.message, ids: undefined }),
      onLeaving: (thread) => this.#assignments.leave(thread),
      onSlots: options.onSlots,
    });
    this.#unwatch = options.memory.watch({
      running: () => this.#handed.begun,
      onExceeded: (tasks, sentence) => this.#exceed(tasks, sentence),
    });
  }

  /** The tasks that were handed to a thread and have not ended. */
  get handed(): Pick<HandedTasks, 'all' | 'assigned' | 'size' | 'find'> {
    return this.#handed;
  }

  /** The number of handed tasks that have started. */
  get running(): number {
    return this.#running;
  }

  get stuck(): StuckThreads['list'] {
    return this.#stuck.list;
  }

  get hasThreads(): boolean {
    return this.#pool.hasThreads;
  }

  get slots(): number {
    return this.#pool.slots;
  }

  get freeSlots(): number {
    return Math.max(0, this.slots - this.#assignments.size);
  }

  /** Waits until the threads can run tasks of these types at once. Without types it does not wait. */
  async warmUp(): Promise<void> {
    const { types } = this.#options;
    if (types.length > 0) await this.#pool.warmUp(types.map((entry) => entry.module));
  }

  /** Runs a batch in a free slot. */
  start(batch: readonly HeldTask[]): void {
    const tasks = this.#handOver(batch);
    const [first] = tasks;
    if (!first) return;
    void this.#assignments
      .assign(first.job.thread, this.#follow(tasks))
      .finally(() => this.#options.onFree());
  }

  /** Takes back tasks that have not started, and returns them. */
  takeBack(tasks: Iterable<RunningTask>): HeldTask[] {
    return this.#handed.takeBack(tasks);
  }

  /** Resolves when no task runs. */
  async idle(): Promise<void> {
    await this.#assignments.idle();
  }

  /** Ends all threads and their tasks. It does not wait for threads that do not end in time. */
  async close(): Promise<void> {
    this.#unwatch();
    for (const task of this.#handed.all) task.kill('shutdown');
    await this.idle();
    const closed = new AbortController();
    const late = sleep(CLOSE_TIMEOUT_MS, undefined, { signal: closed.signal }).catch(() => {});
    await Promise.race([this.#pool.close(), late]);
    closed.abort();
  }

  #handOver(tasks: readonly HeldTask[]): RunningTask[] {
    const { dataDir, env } = this.#options;
    const jobs = tasks.map((held) => {
      this.#jobs += 1;
      const { task, entry } = held;
      return {
        ...idsOf(held),
        id: this.#jobs,
        payloadText: task.payloadText,
        timeoutSeconds: timeoutOf(held),
        schedule: task.schedule,
        dataDir,
        env: taskEnv(env, entry.env),
        module: entry.module,
      };
    });
    const handed = this.#pool.start(jobs);
    return tasks.flatMap((held, index) => {
      const job = handed[index];
      if (!job) return [];
      const task = new RunningTask({
        held,
        job,
        timeoutSeconds: timeoutOf(held),
        onKill: (late) => this.#end([late]),
      });
      this.#handed.add(task);
      return task;
    });
  }

  /** Follows the tasks of a batch, in the order in which their thread runs them. */
  async #follow(batch: readonly RunningTask[]): Promise<void> {
    const stall = batch.length > 1 ? setTimeout(() => this.#putBack(batch), STALL_MS) : undefined;
    for (const task of batch) {
      if (!this.#handed.has(task)) continue;
      stall?.refresh();
      task.begin();
      this.#running += 1;
      this.#options.onBegun(task);
      this.#options.events.emit('started', task.held);
      const ending = await task.ending();
      this.#handed.remove(task);
      this.#running -= 1;
      if (task.isStuck) this.#stuck.add(task);
      this.#options.onEnded(task, ending);
      if (task.threadEnded) this.#putBack(batch);
    }
    clearTimeout(stall);
  }

  #putBack(tasks: Iterable<RunningTask>): void {
    this.#options.onPutBack(this.#handed.takeBack(tasks));
    this.#options.onFree();
  }

  /** Ends the threads of some tasks. Other tasks on these threads did nothing wrong and are given back. */
  #end(tasks: readonly RunningTask[], reason?: StopReason, sentence?: string): void {
    this.#giveBack(this.#handed.besides(tasks));
    for (const task of tasks) task.kill(reason, sentence);
  }

  /** Gives back tasks whose thread is ended: those that have started are given back once it has exited. */
  #giveBack(tasks: readonly RunningTask[]): void {
    this.#options.onPutBack(this.#handed.takeBack(tasks));
    for (const task of tasks) if (this.#handed.has(task)) task.markBystander();
  }

  /** Logs the tasks at once, because a task whose thread does not end has no outcome that names it. */
  #exceed(tasks: readonly RunningTask[], sentence: string): void {
    for (const { held } of tasks) {
      const { taskId, type } = held.task;
      const warning = `Task ${taskId} of type ${type} is ended because of its memory. ${sentence}`;
      this.#options.events.emit('warned', { sentence: warning, ids: idsOf(held) });
    }
    this.#end(tasks, 'out_of_memory', sentence);
  }

  /** Tasks that the thread has not begun go elsewhere. */
  #noteBlocked(thread: TaskThread): void {
    this.#messages.block(this.#handed.on(thread));
    for (const task of this.#handed.onThread(thread)) task.giveBackUnbegun();
  }

  /** It is unknown which of the tasks blocks the thread, or whether code of an earlier task does. */
  #endBlocked(thread: TaskThread): void {
    const sentence =
      'The thread that the attempt shared with others was blocked, and it was ended because the lane had no other. Work that uses the CPU for long belongs on the cpu lane';
    const all = this.#handed.onThread(thread);
    this.#options.onPutBack(this.#handed.takeBack(all));
    const rest = all.filter((task) => this.#handed.has(task));
    if (rest.length === 0) void thread.end();
    else this.#end(rest, 'blocked', sentence);
  }

  #relay(message: ThreadMessage, thread: TaskThread): void {
    const known = this.#handed.byJob(message.jobId);
    const running = known?.job.thread === thread ? known : undefined;
    if (message.kind === 'stray') {
      const ids = running ? idsOf(running.held) : this.#handed.endedOn(thread, message.jobId);
      this.#messages.reportStray(message.message, ids);
      return;
    }
    this.#messages.relay(message, running?.held);
    if (message.kind !== 'exit') return;
    if (running) {
      running.noteExit(message.code);
      this.#end([running]);
    } else {
      // Code that an ended task left behind ends the thread: its tasks did nothing wrong.
      this.#giveBack(this.#handed.onThread(thread));
    }
  }
}

/** The timeout of the submission or, if it has none, of the type. */
function timeoutOf({ task, entry }: HeldTask): number | undefined {
  return task.timeoutSeconds ?? entry.timeoutSeconds;
}
