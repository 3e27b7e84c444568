import { setTimeout as sleep } from 'node:timers/promises';
import type { TaskEntry } from './catalog.ts';
import type { RunnerBus } from './events.ts';
import { HandedTasks } from './handed-tasks.ts';
import { type HeldTask, idsOf } from './held-task.ts';
import { LaneTurns } from './lane-turns.ts';
import type { MemoryWatch } from './memory-watch.ts';
import { ThreadPool } from './pool.ts';
import { type Demand, type LaneWork, type QueueHead, ReadAhead } from './read-ahead.ts';
import { relay } from './relay.ts';
import { CANCELLED, type Ending, RunningTask, type StopReason } from './running-task.ts';
import { type StuckThread, StuckThreads } from './stuck-threads.ts';
import { taskEnv, threadEnv } from './thread-env.ts';
import type { Outcome, ThreadMessage } from './thread-protocol.ts';
import { WaitingTasks } from './waiting-tasks.ts';

/** A task that runs this long while others are queued behind it has them taken back. */
const STALL_MS = 100;
/** How often a lane looks for waiting tasks to give back. */
const CHECK_MS = 500;
/** How long a lane that closes waits for threads that run nothing. */
const CLOSE_TIMEOUT_MS = 1000;

export interface LaneOptions {
  readonly types: readonly TaskEntry[];
  readonly threads: number;
  readonly tasksPerThread: number;
  readonly dataDir: string;
  /** The runner's environment: tasks get the variables that their types name. */
  readonly env: NodeJS.ProcessEnv;
  readonly events: RunnerBus;
  /** Looks at the memory of this lane's threads, and of other lanes'. */
  readonly memory: MemoryWatch;
  /**
   * Takes the outcome of an attempt, and how many milliseconds it ran, where it did; the lane counts it as
   * held until {@link Lane.acknowledge}.
   */
  readonly onOutcome: (held: HeldTask, outcome: Outcome, ranMs: number | undefined) => void;
  /** Takes tasks that have to go back without having spent their attempts. */
  readonly onGiveBack: (tasks: readonly HeldTask[]) => void;
  /** A task's thread does not end: nobody should wait for it. */
  readonly onStuck: (held: HeldTask) => void;
  /** A slot may have come free. */
  readonly onFreed: (lane: Lane) => void;
}

/** How full a lane is; the tasks that it holds are waiting, running or unreported. */
export type LaneLoad = Pick<
  Lane,
  'capacity' | 'seats' | 'stuck' | 'held' | 'waiting' | 'running' | 'unreported'
>;

/**
 * The slots of one kind of work. A task in a lane is waiting (claimed, not started), handed to a thread
 * (where it runs, or is queued behind another short one), or unreported (its outcome is not acknowledged
 * yet); all three count against the lane's bound.
 *
 * A thread that is being ended has its slots taken over by a new one. Its tasks leave the lane when it has
 * exited or, where that takes too long, when they are not vouched for any more; the thread counts as stuck then.
 */
export class Lane {
  readonly #options: LaneOptions;
  readonly #capacity: number;
  readonly #pool: ThreadPool;
  readonly #unwatch: () => void;
  readonly #readAhead: ReadAhead;
  readonly #check: NodeJS.Timeout;
  readonly #handed = new HandedTasks();
  readonly #turns = new LaneTurns();
  readonly #stuck: StuckThreads;
  readonly #waiting: WaitingTasks;
  /** Tasks that were handed to a thread and have begun. */
  #running = 0;
  readonly #unreported = new Set<HeldTask>();
  #jobs = 0;
  #draining = false;

  constructor(options: LaneOptions) {
    this.#options = options;
    this.#capacity = options.threads * options.tasksPerThread;
    this.#readAhead = new ReadAhead(this.#capacity);
    this.#stuck = new StuckThreads(options.events);
    this.#waiting = new WaitingTasks(options.threads, (held) => this.#readAhead.durationOf(held));
    this.#check = setInterval(() => this.#giveBackLate(), CHECK_MS).unref();
    this.#pool = new ThreadPool({
      threads: options.threads,
      tasksPerThread: options.tasksPerThread,
      env: threadEnv(options.env),
      heapMb: Math.max(0, ...options.types.map((entry) => entry.memoryMb)) || undefined,
      onMessage: (message) => this.#relay(message),
      onStrayError: (error) => options.events.emit('stray', { sentence: error.message, ids: undefined }),
      onEnding: (thread) => this.#turns.leave(thread),
      onSeats: () => {
        this.#fill();
        options.onFreed(this);
      },
    });
    this.#unwatch = options.memory.watch({
      running: () => this.#handed.begun,
      onExceeded: (tasks, sentence) => this.#exceed(tasks, sentence),
    });
  }

  get types(): string[] {
    return this.#options.types.map((entry) => entry.type);
  }

  /** How many tasks it runs at once. */
  get capacity(): number {
    return this.#capacity;
  }

  /** How many tasks its threads run at once now: less where threads do not end, and too many to replace them. */
  get seats(): number {
    return this.#pool.seats;
  }

  /** The threads that do not end, the one that is to end for longest first. */
  get stuck(): readonly StuckThread[] {
    return this.#stuck.list;
  }

  /** Whether any of its threads has not exited. */
  get hasThreads(): boolean {
    return this.#pool.hasThreads;
  }

  /** Tasks that this lane holds in memory. */
  get held(): number {
    return this.#waiting.count + this.#handed.size + this.#unreported.size;
  }

  /** Tasks that wait for a slot. */
  get waiting(): number {
    return this.#waiting.count + this.#handed.size - this.#running;
  }

  get running(): number {
    return this.#running;
  }

  /** Tasks that have ended here, and the edge has not answered for. */
  get unreported(): number {
    return this.#unreported.size;
  }

  /** Waits until the threads can run tasks of these types at once; a lane without types has no need. */
  async warmUp(): Promise<void> {
    const { types } = this.#options;
    if (types.length > 0) await this.#pool.warmUp(types.map((entry) => entry.module));
  }

  /** What to claim now; see {@link ReadAhead.demand}. */
  demand(refillMs: number, left: number): Demand {
    return this.#readAhead.demand(this.#work, refillMs, left);
  }

  /**
   * Takes the tasks of a claim. One that the claim has counted as started starts now, or is given back.
   *
   * @param head the first task that the claim has left in the ledger.
   */
  accept(tasks: readonly HeldTask[], head?: QueueHead): void {
    const surplus = tasks.filter((held) => !held.readAhead).slice(this.#freeSlots);
    this.#waiting.add(tasks);
    this.#waiting.remove(surplus);
    this.#fill();
    if (surplus.length > 0) this.#options.onGiveBack(surplus);
    this.#readAhead.recordClaim(tasks, head);
    this.#giveBackLate();
  }

  /** The edge has answered for a task's outcome. */
  acknowledge(held: HeldTask): void {
    this.#unreported.delete(held);
    this.#options.onFreed(this);
  }

  /** Starts nothing any more. */
  drain(): void {
    this.#draining = true;
    this.#takeBack(this.#handed.all);
  }

  /** Takes out what has not started. */
  takeWaiting(): HeldTask[] {
    return this.#waiting.takeAll();
  }

  /** Drops a task whose lease has ended; one that runs is aborted and its outcome goes nowhere. */
  lose(held: HeldTask): void {
    if (this.#unqueue(held)) this.#options.onFreed(this);
    else this.#handed.find(held)?.stop('lost', 'The lease of the task was lost');
  }

  /** Calls a task off; one that runs is aborted. Its outcome says that it is dropped. */
  cancel(held: HeldTask): void {
    if (this.#unqueue(held)) this.#hand(held, CANCELLED);
    else this.#handed.find(held)?.stop('cancelled', 'The task was cancelled');
  }

  /** Resolves when nothing runs. */
  async idle(): Promise<void> {
    await this.#turns.idle();
  }

  /**
   * Ends all threads. What ran is reported as failed once they have ended; nothing starts any more. Threads
   * that do not end in time are left to themselves.
   */
  async close(): Promise<void> {
    this.drain();
    clearInterval(this.#check);
    this.#unwatch();
    for (const task of this.#handed.all) task.kill('shutdown');
    await this.idle();
    const closed = new AbortController();
    const late = sleep(CLOSE_TIMEOUT_MS, undefined, { signal: closed.signal }).catch(() => {});
    await Promise.race([this.#pool.close(), late]);
    closed.abort();
  }

  get #work(): LaneWork {
    const [waiting, unreported] = [this.#waiting.all, this.#unreported];
    const { seated } = this.#handed;
    return { slots: this.seats, freeSlots: this.#freeSlots, waiting, handed: seated, unreported };
  }

  /** How many tasks could start now. */
  get #freeSlots(): number {
    if (this.#draining) return 0;
    return Math.max(0, this.seats - this.#turns.size - this.#waiting.count);
  }

  #fill(): void {
    const { tasksPerThread } = this.#options;
    while (!this.#draining && this.#turns.size < this.seats) {
      const next = tasksPerThread > 1 ? this.#waiting.takeOne() : this.#waiting.takeTurn();
      if (next.length === 0) return;
      const tasks = this.#start(next);
      const [first] = tasks;
      if (first) void this.#turns.seat(first.job.thread, this.#take(tasks)).finally(() => this.#fill());
    }
  }

  #start(tasks: readonly HeldTask[]): RunningTask[] {
    const { dataDir, env } = this.#options;
    const jobs = tasks.map((held) => {
      this.#jobs += 1;
      const { task, entry } = held;
      const { payload } = task;
      return {
        ...idsOf(held),
        id: this.#jobs,
        payload,
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
        timeoutSeconds: held.task.timeoutSeconds ?? held.entry.timeoutSeconds,
        onKill: (late) => this.#end([late]),
      });
      this.#handed.add(task);
      return task;
    });
  }

  /** Sees the tasks of a turn through, in the order in which their thread runs them. */
  async #take(turn: readonly RunningTask[]): Promise<void> {
    const stall = turn.length > 1 ? setTimeout(() => this.#takeBack(turn), STALL_MS) : undefined;
    for (const task of turn) {
      if (!this.#handed.has(task)) continue;
      stall?.refresh();
      task.begin();
      this.#running += 1;
      this.#readAhead.recordStart(task.held);
      this.#options.events.emit('started', task.held);
      const ending = await task.ending();
      this.#handed.remove(task);
      this.#running -= 1;
      this.#readAhead.recordEnd(task.held, task.ranMs);
      if (task.isStuck) this.#stuck.add(task);
      this.#hand(task.held, ending, task.ranMs);
      if (task.threadEnded) this.#takeBack(turn);
    }
    clearTimeout(stall);
  }

  /** Has tasks wait here again that were handed to a thread and have not begun. */
  #takeBack(tasks: Iterable<RunningTask>): void {
    this.#waiting.putBack(this.#handed.takeBack(tasks));
    this.#fill();
  }

  #giveBackLate(): void {
    if (this.#draining || this.#waiting.count === 0) return;
    const back = this.#readAhead.toGiveBack(this.#work);
    if (back.length === 0) return;
    this.#waiting.remove(back);
    this.#readAhead.pause();
    this.#options.onGiveBack(back);
    this.#options.onFreed(this);
  }

  #hand(held: HeldTask, ending: Ending, ranMs?: number): void {
    if (typeof ending === 'object') {
      this.#unreported.add(held);
      this.#options.onOutcome(held, ending, ranMs);
      return;
    }
    if (ending === 'given back') this.#options.onGiveBack([held]);
    if (ending === 'stuck') this.#options.onStuck(held);
    this.#options.onFreed(this);
  }

  /** Ends the threads of some tasks. The tasks that share them did nothing wrong, and are given back. */
  #end(tasks: readonly RunningTask[], reason?: StopReason, sentence?: string): void {
    this.#waiting.putBack(this.#handed.takeBack(this.#handed.besides(tasks)));
    for (const task of this.#handed.besides(tasks)) task.standBy();
    for (const task of tasks) task.kill(reason, sentence);
  }

  /** The log names the tasks at once: where their thread does not end, they have no outcome that does. */
  #exceed(tasks: readonly RunningTask[], sentence: string): void {
    for (const { held } of tasks) {
      const { taskId, type } = held.task;
      const warning = `Task ${taskId} of type ${type} is ended for its memory. ${sentence}`;
      this.#options.events.emit('warned', { sentence: warning, ids: idsOf(held) });
    }
    this.#end(tasks, 'out_of_memory', sentence);
  }

  /** Takes out a task that has not begun. */
  #unqueue(held: HeldTask): boolean {
    const queued = this.#handed.find(held);
    if (queued) return this.#handed.takeBack([queued]).length > 0;
    return this.#waiting.remove([held]) > 0;
  }

  #relay(message: ThreadMessage): void {
    const running = message.kind === 'stray' ? undefined : this.#handed.byJob(message.jobId);
    relay(message, running?.held, this.#options.events);
    if (message.kind !== 'exit' || !running) return;
    running.noteExit(message.code);
    this.#end([running]);
  }
}
