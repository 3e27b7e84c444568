import { type Demand, type LaneWork, type QueueHead, ReadAhead } from '../claiming/read-ahead.ts';
import type { HeldTask } from '../held-task.ts';
import type { Outcome } from '../threads/thread-protocol.ts';
import type { LaneSetup } from './lane-setup.ts';
import { LaneThreads } from './lane-threads.ts';
import { CANCELLED, type Ending } from './running-task.ts';
import type { StuckThread } from './stuck-threads.ts';
import { WaitingTasks } from './waiting-tasks.ts';

/** How often a lane checks for waiting tasks to give back. */
const CHECK_MS = 500;

export interface LaneOptions extends LaneSetup {
  /**
   * Gets the outcome of an attempt, and how many milliseconds it ran if it ran. The lane counts the task as held
   * until {@link Lane.acknowledge}.
   */
  readonly onOutcome: (held: HeldTask, outcome: Outcome, ranMs: number | undefined) => void;
  /** Gets tasks to give back without spending their attempts. */
  readonly onGiveBack: (tasks: readonly HeldTask[]) => void;
  /** A task's thread does not end, so no code should wait for it. */
  readonly onStuck: (held: HeldTask) => void;
  /** A slot may have become free. */
  readonly onFreed: (lane: Lane) => void;
}

/** The load of a lane. The tasks that it holds are waiting, running or unreported. */
export type LaneLoad = Pick<
  Lane,
  'capacity' | 'slots' | 'stuck' | 'held' | 'waiting' | 'running' | 'unreported'
>;

/**
 * The slots of one kind of work. A task in a lane is waiting (claimed, not started), handed to a thread (it
 * runs or is queued behind another short task), or unreported (its outcome is not acknowledged yet). All
 * three count against the lane's bound.
 *
 * A new thread takes over the slots of a thread that is being ended. The tasks of the old thread leave the
 * lane when it has exited. If that takes too long, the thread counts as stuck, and the lane gives up its
 * tasks.
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

  /** The number of tasks that it runs at once. */
  get capacity(): number {
    return this.#capacity;
  }

  /** The number of tasks that its threads can run now: fewer if too many stuck threads cannot be replaced. */
  get slots(): number {
    return this.#threads.slots;
  }

  /** The stuck threads, the longest stuck first. */
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

  /** Tasks that have ended here but whose outcome the edge has not acknowledged. */
  get unreported(): number {
    return this.#unreported.size;
  }

  /** Waits until the threads can run tasks of their types at once. A lane without types does not wait. */
  async warmUp(): Promise<void> {
    await this.#threads.warmUp();
  }

  /** What to claim now; see {@link ReadAhead.demand}. */
  demand(refillMs: number, left: number): Demand {
    return this.#readAhead.demand(this.#work, refillMs, left);
  }

  /**
   * Takes the tasks of a claim. A task that the claim has counted as started starts now or is given back.
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

  /** The edge has acknowledged a task's outcome. */
  acknowledge(held: HeldTask): void {
    this.#unreported.delete(held);
    this.#options.onFreed(this);
  }

  /** Starts no more tasks. */
  drain(): void {
    this.#draining = true;
    this.#waiting.putBack(this.#threads.takeBack(this.#threads.handed.all));
  }

  /** Removes and returns the tasks that have not started. */
  takeWaiting(): HeldTask[] {
    return this.#waiting.takeAll();
  }

  /** Drops a task whose lease has ended. A running task is aborted and its outcome is not reported. */
  lose(held: HeldTask): void {
    if (this.#unqueue(held)) this.#options.onFreed(this);
    else this.#threads.handed.find(held)?.stop('lost', 'The lease of the task was lost');
  }

  /** Cancels a task. A running task is aborted. Its outcome reports the cancellation. */
  cancel(held: HeldTask): void {
    if (this.#unqueue(held)) this.#hand(held, CANCELLED);
    else this.#threads.handed.find(held)?.stop('cancelled', 'The task was cancelled');
  }

  /** Resolves when no task runs. */
  async idle(): Promise<void> {
    await this.#threads.idle();
  }

  /**
   * Ends all threads. Their tasks are reported as failed after the threads have ended. No more tasks start.
   * It does not wait for threads that do not end in time.
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

  /** Removes a task that has not started. */
  #unqueue(held: HeldTask): boolean {
    const queued = this.#threads.handed.find(held);
    if (queued) return this.#threads.takeBack([queued]).length > 0;
    return this.#waiting.remove([held]) > 0;
  }
}
