import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { BroadcastChannel } from 'node:worker_threads';
import { Piscina, queueOptionsSymbol } from 'piscina';
import type { AbortMessage, Job, Outcome, ThreadMessage } from './thread-protocol.ts';

export interface PoolOptions {
  readonly threads: number;
  readonly tasksPerThread: number;
  readonly onMessage: (message: ThreadMessage) => void;
}

/** A job that was started. */
export interface RunningJob {
  /** Settles when the job has ended or its thread has exited, never before; rejects with {@link ThreadExit}. */
  readonly outcome: Promise<Outcome>;
  /** Ends the thread that runs the job, whatever it does, and all that runs beside it. */
  kill(): Promise<void>;
}

/** The thread ended under a job. */
export class ThreadExit extends Error {
  override readonly name = 'ThreadExit';
}

/** Where a job sits: piscina tells its balancer alone. */
class Seat {
  threadId: number | undefined;
}

/** The threads of a lane, on piscina. Callers start no more jobs at once than there are seats. */
export class ThreadPool {
  readonly #piscina: Piscina;
  readonly #aborts: BroadcastChannel;

  constructor({ threads, tasksPerThread, onMessage }: PoolOptions) {
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
      loadBalancer: (task, workers) => {
        const free = workers.filter((worker) => worker.currentUsage < tasksPerThread);
        const idlest = free.toSorted((a, b) => a.currentUsage - b.currentUsage)[0] ?? null;
        const seat = task[queueOptionsSymbol];
        if (idlest && seat instanceof Seat) seat.threadId = idlest.id;
        return idlest;
      },
    });
    this.#piscina.on('message', onMessage);
  }

  start(job: Job): RunningJob {
    const seat = new Seat();
    const outcome = this.#piscina.run({ ...job, [queueOptionsSymbol]: seat }).catch((error: unknown) => {
      throw new ThreadExit(error instanceof Error ? error.message : String(error), { cause: error });
    });
    return { outcome, kill: () => this.#terminate(seat) };
  }

  /** Aborts the signal that a task was given; whether it listens is its own affair. */
  abort(message: AbortMessage): void {
    this.#aborts.postMessage(message);
  }

  async close(): Promise<void> {
    this.#aborts.close();
    await this.#piscina.destroy();
  }

  async #terminate({ threadId }: Seat): Promise<void> {
    await this.#piscina.threads.find((thread) => thread.threadId === threadId)?.terminate();
  }
}
