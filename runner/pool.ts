import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { BroadcastChannel, type Worker } from 'node:worker_threads';
import { Piscina, queueOptionsSymbol } from 'piscina';
import type { AbortMessage, Job, JobEnd, Outcome, ThreadMessage, WarmUp } from './thread-protocol.ts';

/** The threads give way to the main thread, which hands them their work: they wait less for it. */
const NICE = 5;

export interface PoolOptions {
  readonly threads: number;
  readonly tasksPerThread: number;
  /** The most JavaScript heap of one thread, in MB. */
  readonly heapMb: number | undefined;
  readonly onMessage: (message: ThreadMessage) => void;
  /** A thread that ran nothing ended by an error: what a task has left behind. */
  readonly onStrayError: (error: Error) => void;
}

/** A job that was started. */
export interface RunningJob {
  /** Settles when the job has ended or its thread has exited, never before; rejects with {@link ThreadExit}. */
  readonly outcome: Promise<Outcome>;
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

/** Where a job sits: piscina tells its balancer alone. */
class Seat {
  threadId: number | undefined;
  readonly taken = Promise.withResolvers<void>();

  take(threadId: number): void {
    this.threadId = threadId;
    this.taken.resolve();
  }
}

/** Counts the messages of a job, which come on another port than its end, until all are here. */
class Inbox {
  #seen = 0;
  #wake: (() => void) | undefined;

  note(): void {
    this.#seen += 1;
    this.#wake?.();
  }

  async until(count: number): Promise<void> {
    while (this.#seen < count) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** The threads of a lane, on piscina. Callers start no more jobs at once than there are seats. */
export class ThreadPool {
  readonly #piscina: Piscina;
  readonly #aborts: BroadcastChannel;
  readonly #inboxes = new Map<number, Inbox>();

  constructor({ threads, tasksPerThread, heapMb, onMessage, onStrayError }: PoolOptions) {
    const abortChannel = `abort-${randomUUID()}`;
    this.#aborts = new BroadcastChannel(abortChannel);
    this.#aborts.unref();
    this.#piscina = new Piscina({
      filename: join(import.meta.dirname, 'thread.ts'),
      minThreads: threads,
      maxThreads: threads,
      concurrentTasksPerWorker: tasksPerThread,
      idleTimeout: Number.POSITIVE_INFINITY,
      // A thread that is shared by waiting tasks must keep turning its event loop.
      atomics: tasksPerThread === 1 ? 'sync' : 'disabled',
      workerData: { abortChannel },
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
    this.#piscina.on('message', (message: ThreadMessage) => {
      onMessage(message);
      this.#inboxes.get(message.jobId)?.note();
    });
  }

  /** Waits until the threads have started and loaded these files, so that the first tasks need not. */
  async warmUp(modules: readonly string[]): Promise<void> {
    const order: WarmUp = { modules };
    const { minThreads } = this.#piscina.options;
    await Promise.allSettled(Array.from({ length: minThreads }, () => this.#piscina.run(order)));
  }

  start(job: Job): RunningJob {
    const seat = new Seat();
    const outcome = this.#run(job, seat);
    return {
      outcome,
      abort: (reason) => this.#aborts.postMessage({ jobId: job.id, reason } satisfies AbortMessage),
      kill: async () => {
        // A job may still wait for a thread that is being replaced.
        await Promise.race([seat.taken.promise, outcome.catch(() => {})]);
        await this.#threadOf(seat)?.terminate();
      },
      thread: () => this.#threadOf(seat),
    };
  }

  async close(): Promise<void> {
    this.#aborts.close();
    await this.#piscina.destroy();
  }

  async #run(job: Job, seat: Seat): Promise<Outcome> {
    const inbox = new Inbox();
    this.#inboxes.set(job.id, inbox);
    try {
      const end: JobEnd = await this.#piscina.run({ ...job, [queueOptionsSymbol]: seat });
      await inbox.until(end.messages);
      return end.outcome;
    } catch (error) {
      throw new ThreadExit(error);
    } finally {
      this.#inboxes.delete(job.id);
    }
  }

  #threadOf({ threadId }: Seat): Worker | undefined {
    return this.#piscina.threads.find((thread) => thread.threadId === threadId);
  }
}
