import { type Demand, type LaneWork, type QueueHead, ReadAhead } from '../claiming/read-ahead.ts';
import type { HeldTask } from '../held-task.ts';
import type { Outcome } from '../threads/thread-protocol.ts';
import type { LaneSetup } from './lane-setup.ts';
import { LaneThreads } from './lane-threads.ts';
import { CANCELLED, type Ending } from './running-task.ts';
import type { StuckThread } from './stuck-threads.ts';
import { WaitingTasks } from './waiting-tasks.ts';

/** How often a lane looks for waiting tasks to give back. */
const CHECK_MS = 500;

export interface LaneOptions extends LaneSetup {
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
  'capacity' | 'slots' | 'stuck' | 'held' | 'waiting' | 'running' | 'unreported'
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
  readonly #threads: LaneThreads;
  readonly #readAhead: ReadAhead;
  readonly #check: NodeJS.Timeout;
  readonly #waiting: WaitingTasks;
  readonly #unreported = new Set<HeldTask>();
  #draining = false;

  constructor(options: LaneOptions) {
    this.#options = options;
    this.#capacity = options.threads * options.tasksPerThread;
    this.#readAhead = new ReadAhead(this.#capacity);
    this.#waiting = new WaitingTasks(options.threads, (held) => this.#readAhead.durationOf(held));
    this.#check = setInterval(() => this.#giveBackLate(), CHECK_MS).unref();
    this.#threads = new LaneThreads({
      ...options,
      onBegun: ({ held }) => this.#readAhead.recordStart(held),
      onEnded: (task, ending) => {
        this.#readAhead.recordEnd(task.held, task.ranMs);
        this.#hand(task.held, ending, task.ranMs);
      },
      onPutBack: (tasks) => this.#waiting.putBack(tasks),
      onFree: () => this.#fill(),
      onSlots: () => {
        this.#fill();
        options.onFreed(this);
      },
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
  get slots(): number {
    return this.#threads.slots;
  }

  /** The threads that do not end, the one that is to end for longest first. */
  get stuck(): readonly StuckThread[] {
    return this.#threads.stuck;
  }

  /** Whether any of its threads has not exited. */
  get hasThreads(): boolean {
    return this.#threads.hasThreads;
  }

  /** Tasks that this lane holds in memory. */
  get held(): number {
    return this.#waiting.count + this.#threads.handed.size + this.#unreported.size;
  }

  /** Tasks that wait for a slot. */
  get waiting(): number {
    return this.#waiting.count + this.#threads.handed.size - this.running;
  }

  get running(): number {
    return this.#threads.running;
  }

  /** Tasks that have ended here, and the edge has not answered for. */
  get unreported(): number {
    return this.#unreported.size;
  }

  /** Waits until the threads can run tasks of these types at once; a lane without types has no need. */
  async warmUp(): Promise<void> {
    await this.#threads.warmUp();
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
    this.#waiting.putBack(this.#threads.takeBack(this.#threads.handed.all));
  }

  /** Takes out what has not started. */
  takeWaiting(): HeldTask[] {
    return this.#waiting.takeAll();
  }

  /** Drops a task whose lease has ended; one that runs is aborted and its outcome goes nowhere. */
  lose(held: HeldTask): void {
    if (this.#unqueue(held)) this.#options.onFreed(this);
    else this.#threads.handed.find(held)?.stop('lost', 'The lease of the task was lost');
  }

  /** Calls a task off; one that runs is aborted. Its outcome says that it is dropped. */
  cancel(held: HeldTask): void {
    if (this.#unqueue(held)) this.#hand(held, CANCELLED);
    else this.#threads.handed.find(held)?.stop('cancelled', 'The task was cancelled');
  }

  /** Resolves when nothing runs. */
  async idle(): Promise<void> {
    await this.#threads.idle();
  }

  /**
   * Ends all threads. What ran is reported as failed once they have ended; nothing starts any more. Threads
   * that do not end in time are left to themselves.
   */
  async close(): Promise<void> {
    this.drain();
    clearInterval(this.#check);
    await this.#threads.close();
  }

  get #work(): LaneWork {
    const [waiting, unreported] = [this.#waiting.all, this.#unreported];
    const { assigned } = this.#threads.handed;
    return { slots: this.slots, freeSlots: this.#freeSlots, waiting, handed: assigned, unreported };
  }

  /** How many tasks could start now. */
  get #freeSlots(): number {
    if (this.#draining) return 0;
    return Math.max(0, this.#threads.freeSlots - this.#waiting.count);
  }

  #fill(): void {
    const { tasksPerThread } = this.#options;
    while (!this.#draining && this.#threads.freeSlots > 0) {
      const next = tasksPerThread > 1 ? this.#waiting.takeOne() : this.#waiting.takeBatch();
      if (next.length === 0) return;
      this.#threads.start(next);
    }
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

  /** Takes out a task that has not begun. */
  #unqueue(held: HeldTask): boolean {
    const queued = this.#threads.handed.find(held);
    if (queued) return this.#threads.takeBack([queued]).length > 0;
    return this.#waiting.remove([held]) > 0;
  }
}
