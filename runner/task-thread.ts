import { extname, join } from 'node:path';
import { BroadcastChannel, type Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
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

export interface TaskThreadOptions {
  readonly tasksPerThread: number;
  /** The environment of the thread; it is open to every task. */
  readonly env: NodeJS.ProcessEnv;
  /** The most JavaScript heap of the thread, in MB. */
  readonly heapMb: number | undefined;
  readonly onMessage: (message: ThreadMessage) => void;
  /** The thread ran nothing and ended by an error: what a task has left behind. */
  readonly onStrayError: (error: Error) => void;
  /** The thread is being ended: it is given nothing any more. */
  readonly onEnding: (thread: TaskThread) => void;
  readonly onExit: (thread: TaskThread) => void;
}

/** A job that was handed to a thread. */
export interface RunningJob {
  readonly id: number;
  readonly thread: TaskThread;
  /** Settles when the job has ended or its thread has exited, never before; rejects with {@link ThreadExit}. */
  readonly end: Promise<JobEnd>;
  /** Takes back a job that has not begun, which never ends then; false where it has begun. */
  takeBack(): boolean;
  /** Aborts the signal that the task was given; whether it listens is its own affair. */
  abort(reason: string): void;
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

/** A job until it has ended and its messages, which may come on another port than its end, are all here. */
class OpenJob {
  readonly settled = Promise.withResolvers<JobEnd>();
  end: JobEnd | undefined;
  messages = 0;
}

/**
 * One thread, in a pool of piscina's that has no other; its jobs and its messages are tied to it.
 *
 * - **running**: left when it is to end, or when it exits by itself.
 * - **ending**: it is given nothing any more. A native call runs to its end first, so this may take long.
 * - **exited**: what it had to run is rejected.
 */
export class TaskThread {
  /** Resolves when it has exited. */
  readonly exited: Promise<void>;
  readonly #options: TaskThreadOptions;
  readonly #piscina: Piscina;
  readonly #worker: Worker;
  readonly #aborts: BroadcastChannel;
  readonly #children: ThreadChildren;
  readonly #open = new Map<number, OpenJob>();
  /** Collects the turns that start in one go. */
  #next: Turn[] | undefined;
  #load = 0;
  #isReady = false;
  #endingSince: number | undefined;
  #hasExited = false;
  #error: unknown;

  /** @throws {Error} where the machine has no thread left. */
  constructor(options: TaskThreadOptions) {
    this.#options = options;
    const abortChannel = `abort-${crypto.randomUUID()}`;
    this.#aborts = new BroadcastChannel(abortChannel);
    this.#aborts.unref();
    const childChannel = `children-${crypto.randomUUID()}`;
    this.#children = new ThreadChildren(childChannel, () => this.#piscina.threads);
    this.#piscina = new Piscina({
      filename: join(import.meta.dirname, `thread${extname(import.meta.filename)}`),
      // Piscina would replace the thread at once, however many are ending.
      minThreads: 0,
      maxThreads: 1,
      concurrentTasksPerWorker: options.tasksPerThread,
      idleTimeout: Number.POSITIVE_INFINITY,
      // A thread that is shared by waiting tasks must keep turning its event loop.
      atomics: this.#isShared ? 'disabled' : 'sync',
      workerData: { abortChannel, childChannel },
      env: options.env,
      niceIncrement: NICE,
      recordTiming: false,
      ...(options.heapMb !== undefined && { resourceLimits: { maxOldGenerationSizeMb: options.heapMb } }),
    });
    this.#piscina.on('error', options.onStrayError);
    this.#piscina.on('message', (message: FromThread) => this.#take(message));
    const { promise: exited, resolve } = Promise.withResolvers<void>();
    this.exited = exited;
    // The first order starts the thread.
    const order: WarmUp = { modules: [] };
    const started = this.#piscina.run(order);
    const [worker] = this.#piscina.threads;
    if (!worker) throw new Error('The thread did not start');
    this.#worker = worker;
    started.then(
      () => {
        this.#isReady = true;
      },
      () => {},
    );
    worker.once('error', (error) => {
      this.#error = error;
    });
    worker.once('exit', (code) => {
      this.#hasExited = true;
      this.#reject(this.#error ?? new Error(`worker exited with code: ${code}`));
      resolve();
      options.onExit(this);
    });
  }

  /** How many groups of turns it has not ended. */
  get load(): number {
    return this.#load;
  }

  /** It has started. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Since when it is being ended, by `performance.now()`. */
  get endingSince(): number | undefined {
    return this.#endingSince;
  }

  /** The bytes of its heap and its Buffers; undefined once it has exited. It does not answer in a native call. */
  async memory(): Promise<{ usedBytes: number; residentBytes: number } | undefined> {
    const heap = await this.#worker.getHeapStatistics().catch(() => undefined);
    if (!heap) return undefined;
    const { used_heap_size, total_physical_size, external_memory } = heap;
    return {
      usedBytes: used_heap_size + external_memory,
      residentBytes: total_physical_size + external_memory,
    };
  }

  /** Has it load these files. Resolves when it has, or has exited. */
  async warmUp(modules: readonly string[]): Promise<void> {
    const order: WarmUp = { modules };
    await this.#piscina.run(order).catch(() => {});
  }

  /** Has it run jobs, one after the other. */
  start(jobs: readonly Job[]): RunningJob[] {
    const marks = jobs.length > 1 ? new Int32Array(new SharedArrayBuffer(4 * jobs.length)) : undefined;
    const turn = { jobs, marks };
    const running = jobs.map((job, index) => this.#follow(job.id, () => !!marks && mark(turn, index)));
    this.#send(turn);
    return running;
  }

  /** Ends it, whatever it does. */
  end(): Promise<void> {
    if (this.#endingSince === undefined && !this.#hasExited) {
      this.#endingSince = performance.now();
      void this.#children.terminate(this.#worker);
      this.#options.onEnding(this);
    }
    return this.exited;
  }

  get #isShared(): boolean {
    return this.#options.tasksPerThread > 1;
  }

  #follow(id: number, takeMark: () => boolean): RunningJob {
    const open = new OpenJob();
    this.#open.set(id, open);
    const end = open.settled.promise;
    // Nobody waits for the end of a job that is taken back when its thread has ended.
    end.catch(() => {});
    return {
      id,
      thread: this,
      end,
      takeBack: () => {
        const taken = takeMark();
        if (taken) this.#open.delete(id);
        return taken;
      },
      abort: (reason) => this.#aborts.postMessage({ jobId: id, reason } satisfies AbortMessage),
    };
  }

  /** Where it is shared, turns that are started in one go take one message to it. */
  #send(turn: Turn): void {
    if (!this.#isShared) {
      void this.#run([turn]);
      return;
    }
    if (this.#next) {
      this.#next.push(turn);
      return;
    }
    const turns = [turn];
    this.#next = turns;
    queueMicrotask(() => {
      this.#next = undefined;
      void this.#run(turns);
    });
  }

  async #run(turns: readonly Turn[]): Promise<void> {
    this.#load += 1;
    try {
      this.#conclude(await this.#piscina.run({ turns }));
    } catch {
      // Its jobs end with it.
      void this.end();
    }
    this.#load -= 1;
  }

  #take(message: FromThread): void {
    if ('ends' in message) {
      this.#conclude(message.ends);
      return;
    }
    this.#options.onMessage(message);
    const open = this.#open.get(message.jobId);
    if (!open) return;
    open.messages += 1;
    this.#settle(message.jobId, open);
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

  #reject(cause: unknown): void {
    this.#aborts.close();
    this.#children.close();
    for (const { settled } of this.#open.values()) settled.reject(new ThreadExit(cause));
    this.#open.clear();
    void this.#piscina.destroy();
  }
}
