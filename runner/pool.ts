import { randomUUID } from 'node:crypto';
import { extname, join } from 'node:path';
import { BroadcastChannel, type Worker } from 'node:worker_threads';
import { Piscina, queueOptionsSymbol } from 'piscina';
import { ThreadChildren } from './thread-children.ts';
import {
  type AbortMessage,
  type FromThread,
  type Job,
  type JobEnd,
  mark,
  type ThreadMessage,
  type Turn,
  type WarmUp,
} from './thread-protocol.ts';

/** The threads give way to the main thread, which hands them their work: they wait less for it. */
const NICE = 5;

export interface PoolOptions {
  readonly threads: number;
  readonly tasksPerThread: number;
  /** The environment of the threads; it is open to every task. */
  readonly env: NodeJS.ProcessEnv;
  /** The most JavaScript heap of one thread, in MB. */
  readonly heapMb: number | undefined;
  readonly onMessage: (message: ThreadMessage) => void;
  /** A thread that ran nothing ended by an error: what a task has left behind. */
  readonly onStrayError: (error: Error) => void;
}

/** A job that was handed to a thread. */
export interface RunningJob {
  readonly id: number;
  /** Settles when the job has ended or its thread has exited, never before; rejects with {@link ThreadExit}. */
  readonly end: Promise<JobEnd>;
  /** Takes back a job that has not begun, which never ends then; false where it has begun. */
  takeBack(): boolean;
  /** Aborts the signal that the task was given; whether it listens is its own affair. */
  abort(reason: string): void;
  /** Ends the thread that runs the job, whatever it does, and all that runs beside it. */
  kill(): Promise<void>;
  /** The thread that runs the job; undefined until it has one. */
  thread(): Worker | undefined;
}

/** The thread ended under a job. */
export class ThreadExit extends Error {
  override readonly name = 'ThreadExit';
  /** Its heap had reached its limit. */
  readonly outOfMemory: boolean;

  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.outOfMemory = cause instanceof Error && 'code' in cause && cause.code === 'ERR_WORKER_OUT_OF_MEMORY';
  }
}

/** Where some turns are taken: piscina tells its balancer alone. */
class Seat {
  threadId: number | undefined;
  readonly taken = Promise.withResolvers<void>();

  take(threadId: number): void {
    this.threadId = threadId;
    this.taken.resolve();
  }
}

/** A job until it has ended and its messages, which may come on another port than its end, are all here. */
class OpenJob {
  readonly settled = Promise.withResolvers<JobEnd>();
  end: JobEnd | undefined;
  messages = 0;
}

/** Turns that go to a thread together. */
interface Group {
  readonly turns: Turn[];
  readonly seat: Seat;
}

/** The threads of a lane, on piscina. Callers have no more turns under way than there are seats. */
export class ThreadPool {
  readonly #piscina: Piscina;
  readonly #aborts: BroadcastChannel;
  readonly #children: ThreadChildren;
  readonly #isShared: boolean;
  readonly #open = new Map<number, OpenJob>();
  /** Collects what is started in one go. */
  #next: Group | undefined;

  constructor({ threads, tasksPerThread, env, heapMb, onMessage, onStrayError }: PoolOptions) {
    this.#isShared = tasksPerThread > 1;
    const abortChannel = `abort-${randomUUID()}`;
    this.#aborts = new BroadcastChannel(abortChannel);
    this.#aborts.unref();
    const childChannel = `children-${randomUUID()}`;
    this.#children = new ThreadChildren(childChannel, () => this.#piscina.threads);
    this.#piscina = new Piscina({
      filename: join(import.meta.dirname, `thread${extname(import.meta.filename)}`),
      minThreads: threads,
      maxThreads: threads,
      concurrentTasksPerWorker: tasksPerThread,
      idleTimeout: Number.POSITIVE_INFINITY,
      // A thread that is shared by waiting tasks must keep turning its event loop.
      atomics: this.#isShared ? 'disabled' : 'sync',
      workerData: { abortChannel, childChannel },
      env,
      niceIncrement: NICE,
      recordTiming: false,
      ...(heapMb !== undefined && { resourceLimits: { maxOldGenerationSizeMb: heapMb } }),
      loadBalancer: (task, workers) => {
        const free = workers.filter((worker) => worker.currentUsage < tasksPerThread);
        const idlest = free.toSorted((a, b) => a.currentUsage - b.currentUsage)[0] ?? null;
        const seat = task[queueOptionsSymbol];
        if (idlest && seat instanceof Seat) seat.take(idlest.id);
        return idlest;
      },
    });
    this.#piscina.on('error', onStrayError);
    this.#piscina.on('message', (message: FromThread) => {
      if ('ends' in message) {
        this.#conclude(message.ends);
        return;
      }
      onMessage(message);
      const open = this.#open.get(message.jobId);
      if (!open) return;
      open.messages += 1;
      this.#settle(message.jobId, open);
    });
  }

  /** Waits until the threads have started and loaded these files, so that the first tasks need not. */
  async warmUp(modules: readonly string[]): Promise<void> {
    const order: WarmUp = { modules };
    const { minThreads } = this.#piscina.options;
    await Promise.allSettled(Array.from({ length: minThreads }, () => this.#piscina.run(order)));
  }

  /** Has a thread run jobs, one after the other. */
  start(jobs: readonly Job[]): RunningJob[] {
    const marks = jobs.length > 1 ? new Int32Array(new SharedArrayBuffer(4 * jobs.length)) : undefined;
    const turn = { jobs, marks };
    const seat = this.#send(turn);
    return jobs.map((job, index) => this.#follow(job.id, seat, () => !!marks && mark(turn, index)));
  }

  async close(): Promise<void> {
    this.#aborts.close();
    await this.#piscina.destroy();
    this.#children.close();
  }

  #follow(id: number, seat: Seat, takeMark: () => boolean): RunningJob {
    const open = new OpenJob();
    this.#open.set(id, open);
    const end = open.settled.promise;
    // Nobody waits for the end of a job that is taken back when its thread has ended.
    end.catch(() => {});
    return {
      id,
      end,
      takeBack: () => {
        const taken = takeMark();
        if (taken) this.#open.delete(id);
        return taken;
      },
      abort: (reason) => this.#aborts.postMessage({ jobId: id, reason } satisfies AbortMessage),
      kill: async () => {
        // A job may still wait for a thread that is being replaced.
        await Promise.race([seat.taken.promise, end.catch(() => {})]);
        const thread = this.#threadOf(seat);
        if (thread) await this.#children.terminate(thread);
      },
      thread: () => this.#threadOf(seat),
    };
  }

  /** Where a thread is shared, turns that are started in one go take one message to it. */
  #send(turn: Turn): Seat {
    if (this.#next) {
      this.#next.turns.push(turn);
      return this.#next.seat;
    }
    const group = { turns: [turn], seat: new Seat() };
    if (!this.#isShared) {
      void this.#run(group);
      return group.seat;
    }
    this.#next = group;
    queueMicrotask(() => {
      this.#next = undefined;
      void this.#run(group);
    });
    return group.seat;
  }

  async #run({ turns, seat }: Group): Promise<void> {
    try {
      this.#conclude(await this.#piscina.run({ turns, [queueOptionsSymbol]: seat }));
    } catch (error) {
      for (const { id } of turns.flatMap(({ jobs }) => jobs)) {
        this.#open.get(id)?.settled.reject(new ThreadExit(error));
        this.#open.delete(id);
      }
    }
  }

  #conclude(ends: readonly JobEnd[]): void {
    for (const end of ends) {
      const open = this.#open.get(end.jobId);
      if (!open) continue;
      open.end = end;
      this.#settle(end.jobId, open);
    }
  }

  #settle(id: number, { end, messages, settled }: OpenJob): void {
    if (!end || messages < end.messages) return;
    this.#open.delete(id);
    settled.resolve(end);
  }

  #threadOf({ threadId }: Seat): Worker | undefined {
    return this.#piscina.threads.find((thread) => thread.threadId === threadId);
  }
}
