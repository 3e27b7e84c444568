import type { TaskEntry } from './catalog.ts';
import type { RunnerBus } from './events.ts';
import type { HeldTask } from './held-task.ts';
import { MovingAverage } from './moving-average.ts';
import { type RunningJob, ThreadExit, ThreadPool } from './pool.ts';
import type { Outcome, TaskFailure, ThreadMessage } from './thread-protocol.ts';

/** How long a task may take to end after its signal was aborted. */
const GRACE_MS = 1000;
/** Tasks that last this many refills lose little while a slot is refilled: none is held ahead for them. */
const SLOW_TASK_REFILLS = 100;
/** The most tasks that a lane holds beyond its slots. */
export const MAX_READ_AHEAD = 2000;

export interface LaneOptions {
  readonly types: readonly TaskEntry[];
  readonly threads: number;
  readonly tasksPerThread: number;
  readonly dataDir: string;
  readonly events: RunnerBus;
  /** Takes the outcome of an attempt; the lane counts it as held until {@link Lane.acknowledge}. */
  readonly onOutcome: (held: HeldTask, outcome: Outcome) => void;
  /** Takes a task that was started and has to go back without having spent its attempt. */
  readonly onGiveBack: (held: HeldTask) => void;
  /** A slot may have come free. */
  readonly onFreed: (lane: Lane) => void;
}

type StopReason = 'timeout' | 'lost' | 'shutdown';

interface Running {
  readonly held: HeldTask;
  readonly job: RunningJob;
  readonly startedAt: number;
  readonly timeoutSeconds: number | undefined;
  timeout?: NodeJS.Timeout;
  grace?: NodeJS.Timeout;
  /** Settles once the lane is done with the attempt. */
  ended?: Promise<void>;
  stopped?: StopReason;
  /** Its thread is being ended because of another task on it. */
  bystander: boolean;
}

/**
 * The slots of one kind of work. A task in a lane is waiting (claimed, not started), running, or
 * unreported (its outcome is not acknowledged yet); all three count against the lane's bound.
 */
export class Lane {
  readonly #options: LaneOptions;
  readonly #capacity: number;
  readonly #pool: ThreadPool;
  readonly #taskMs = new MovingAverage();
  readonly #running = new Map<string, Running>();
  #waiting: HeldTask[] = [];
  #unreported = 0;
  /** Threads that are being ended must be given nothing; the cpu lane's have no free seat anyway. */
  #kills = 0;
  #closed: Promise<void> | undefined;

  constructor(options: LaneOptions) {
    this.#options = options;
    this.#capacity = options.threads * options.tasksPerThread;
    this.#pool = new ThreadPool({
      threads: options.threads,
      tasksPerThread: options.tasksPerThread,
      onMessage: (message) => this.#relay(message),
    });
  }

  get types(): string[] {
    return this.#options.types.map((entry) => entry.type);
  }

  /** Tasks that this lane holds in memory. */
  get held(): number {
    return this.#waiting.length + this.#running.size + this.#unreported;
  }

  get running(): number {
    return this.#running.size;
  }

  /**
   * How many tasks to claim now, given how long a slot takes to be refilled: from the end of a task until
   * its report is answered, and from a claim until its tasks are here. Beyond its slots a lane holds what
   * ends within two refills, and asks when the work for one is used up: few claims, each large enough.
   */
  demand(refillMs: number): number {
    const perRefill = this.#endingWithin(refillMs);
    const free = this.#capacity + 2 * perRefill - this.held;
    const idle = this.#running.size < this.#capacity;
    return idle || free >= perRefill ? Math.max(0, free) : 0;
  }

  /** How many tasks end within a time; none until a first has ended, nor where tasks are slow. */
  #endingWithin(ms: number): number {
    const taskMs = this.#taskMs.value;
    if (taskMs === undefined || taskMs > ms * SLOW_TASK_REFILLS) return 0;
    return Math.min(MAX_READ_AHEAD / 2, Math.ceil((this.#capacity * ms) / taskMs));
  }

  accept(tasks: readonly HeldTask[]): void {
    this.#waiting.push(...tasks);
    this.#fill();
  }

  /** The edge has answered for a task's outcome. */
  acknowledge(): void {
    this.#unreported -= 1;
    this.#options.onFreed(this);
  }

  /** Takes out what has not started. */
  takeWaiting(): HeldTask[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting;
  }

  /** Drops a task whose lease has ended; one that runs is aborted and its outcome goes nowhere. */
  lose(taskId: string): void {
    this.#waiting = this.#waiting.filter(({ task }) => task.taskId !== taskId);
    const running = this.#running.get(taskId);
    if (running) this.#stop(running, 'lost', 'The lease of the task was lost');
  }

  /** Resolves when nothing runs. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) {
      await Promise.allSettled([...this.#running.values()].map((running) => running.ended));
    }
  }

  /** Ends all threads. What ran is reported as failed once they have ended; nothing starts any more. */
  async close(): Promise<void> {
    for (const running of this.#running.values()) running.stopped ??= 'shutdown';
    this.#closed ??= this.#pool.close();
    await this.#closed;
    await this.idle();
  }

  #fill(): void {
    while (!this.#closed && this.#kills === 0 && this.#running.size < this.#capacity) {
      const next = this.#waiting.shift();
      if (!next) return;
      this.#start(next);
    }
  }

  #start(held: HeldTask): void {
    const { task, entry } = held;
    const { taskId, attempt, payload } = task;
    const { dataDir, events } = this.#options;
    const timeoutSeconds = task.timeoutSeconds ?? entry.timeoutSeconds;
    const running: Running = {
      held,
      job: this.#pool.start({ taskId, attempt, payload, dataDir, module: entry.module }),
      startedAt: performance.now(),
      timeoutSeconds,
      bystander: false,
    };
    if (timeoutSeconds !== undefined) {
      running.timeout = setTimeout(
        () => this.#stop(running, 'timeout', 'The time of the task is up'),
        timeoutSeconds * 1000,
      );
    }
    this.#running.set(taskId, running);
    events.emit('started', task);
    running.ended = this.#finish(running);
  }

  async #finish(running: Running): Promise<void> {
    const outcome = await this.#outcomeOf(running);
    clearTimeout(running.timeout);
    clearTimeout(running.grace);
    this.#running.delete(running.held.task.taskId);
    this.#taskMs.record(performance.now() - running.startedAt);
    this.#hand(running.held, outcome);
    this.#fill();
  }

  /** Waits for the end of an attempt; what stopped it decides over what the task made of that. */
  async #outcomeOf(running: Running): Promise<Outcome | 'dropped' | 'given back'> {
    const ended = await running.job.outcome.catch((exit: ThreadExit) => exit);
    switch (running.stopped) {
      case 'lost':
        return 'dropped';
      case 'timeout':
        return failure('timeout', `The attempt took longer than its ${running.timeoutSeconds} s`);
      case 'shutdown':
        await this.#closed;
        return failure('runner_stopped', 'The runner was stopped before the task had ended');
      default:
        if (!(ended instanceof ThreadExit)) return ended;
        return running.bystander
          ? 'given back'
          : failure('crashed', `The task ended its thread: ${ended.message}`);
    }
  }

  #hand(held: HeldTask, outcome: Outcome | 'dropped' | 'given back'): void {
    if (typeof outcome === 'object') {
      this.#unreported += 1;
      this.#options.onOutcome(held, outcome);
      return;
    }
    if (outcome === 'given back') this.#options.onGiveBack(held);
    this.#options.onFreed(this);
  }

  #stop(running: Running, reason: StopReason, sentence: string): void {
    if (running.stopped) return;
    running.stopped = reason;
    this.#pool.abort({ taskId: running.held.task.taskId, reason: sentence });
    running.grace = setTimeout(() => this.#kill(running), GRACE_MS);
  }

  async #kill(running: Running): Promise<void> {
    if (this.#options.tasksPerThread > 1) {
      for (const other of this.#running.values()) other.bystander = other !== running;
    }
    this.#kills += 1;
    await running.job.kill();
    this.#kills -= 1;
    this.#fill();
  }

  #relay(message: ThreadMessage): void {
    const task = this.#running.get(message.taskId)?.held.task;
    if (!task) return;
    if (message.kind === 'progress') {
      this.#options.events.emit('progress', { task, value: message.value });
    } else {
      this.#options.events.emit('log', { ...message, task });
    }
  }
}

function failure(code: string, message: string): { error: TaskFailure } {
  return { error: { code, message } };
}
