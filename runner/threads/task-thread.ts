import { randomUUID } from 'node:crypto';
import { extname, join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { ThreadChildren } from './children/thread-children.ts';
import { OpenJobs } from './open-jobs.ts';
import { withoutHiddenPort } from './ports/hidden-port.ts';
import { ThreadInbox } from './thread-inbox.ts';
import type { TaskThreadOptions } from './thread-options.ts';
import type { BatchGroup, Job, JobBatch, JobEnd, Setup, WarmUp } from './thread-protocol.ts';
import { tryStart } from './thread-protocol.ts';
import { setThreadFlags } from './v8-flags.ts';

setThreadFlags();

/** The threads have a lower priority than the main thread, so they wait less for their work. */
const NICE = 5;

/** A job that was handed to a thread. */
export interface RunningJob {
  readonly id: number;
  readonly thread: TaskThread;
  /** Settles when the job has ended or its thread has exited, never before; rejects with {@link ThreadExit}. */
  readonly end: Promise<JobEnd>;
  /** Takes back a job that has not started; such a job never ends. Returns false if it has started. */
  takeBack(): boolean;
  /** Aborts the signal of the task, which may ignore it. */
  abort(reason: string): void;
}

/**
 * One thread, the only one in its piscina pool, so its jobs and messages belong to it.
 *
 * - **running**: ends when the thread is set aside, must end, or exits by itself.
 * - **aside**: it gets no more jobs, and ends when its jobs have ended.
 * - **ending**: it gets no more jobs. A native call must finish first, so this may take long.
 * - **exited**: its remaining jobs are rejected.
 */
export class TaskThread {
  /** Resolves when it has exited. */
  readonly exited: Promise<void>;
  readonly #options: TaskThreadOptions;
  readonly #piscina: Piscina;
  readonly #worker: Worker;
  readonly #inbox: ThreadInbox;
  readonly #children = new ThreadChildren();
  readonly #token = randomUUID();
  readonly #open = new OpenJobs();
  /** Collects the batches that start in one go. */
  #next: JobBatch[] | undefined;
  /** The groups of batches that it has not answered. */
  readonly #groups = new Set<readonly JobBatch[]>();
  #isReady = false;
  #isAside = false;
  /** When it was seen to turn its event loop, while it has jobs. */
  #turnedAt = 0;
  #endingSince: number | undefined;
  #hasExited = false;
  #error: unknown;
  /** Its messages are ignored from now on. */
  #isDistrusted = false;

  /** @throws {Error} if the machine has no thread left. */
  constructor(options: TaskThreadOptions) {
    this.#options = options;
    this.#inbox = new ThreadInbox({
      openJobs: () => this.#open.size,
      onMessage: (message) => options.onMessage(message, this),
      onChild: (message) => this.#children.take(message),
      onEnds: (ends) => this.#resolveJobs(ends),
      onBadMessage: (problem) => options.onBadMessage(problem, this),
      onFlood: (problem) => this.#distrust(problem),
    });
    this.#piscina = new Piscina({
      filename: join(import.meta.dirname, `thread${extname(import.meta.filename)}`),
      // Piscina would replace the thread at once, regardless of the number of ending threads.
      minThreads: 0,
      maxThreads: 1,
      concurrentTasksPerWorker: options.tasksPerThread,
      idleTimeout: Number.POSITIVE_INFINITY,
      // A thread that is shared by waiting tasks must keep turning its event loop.
      atomics: this.#isShared ? 'disabled' : 'sync',
      env: options.env,
      niceIncrement: NICE,
      recordTiming: false,
      ...(options.heapMb !== undefined && { resourceLimits: { maxOldGenerationSizeMb: options.heapMb } }),
    });
    this.#piscina.on('error', options.onStrayError);
    // Nothing comes this way once the thread has closed its public port.
    this.#piscina.on('message', () => this.#inbox.refuse('a message through the public port'));
    const { promise: exited, resolve } = Promise.withResolvers<void>();
    this.exited = exited;
    // The first order starts the thread.
    const { port, received } = this.#inbox.threadSide();
    const order: Setup = { token: this.#token, port, received };
    const started = withoutHiddenPort(() => this.#piscina.run(order, { transferList: [port] }));
    const [worker] = this.#piscina.threads;
    if (!worker) throw new Error('The thread did not start');
    this.#worker = worker;
    // The thread replaces its streams. Output through Node's own streams must not keep the main thread busy.
    worker.stdout.unpipe();
    worker.stderr.unpipe();
    started.then(
      (osThread: unknown) => {
        if (typeof osThread === 'number') this.#children.osThread = osThread;
        this.#isReady = true;
      },
      () => {},
    );
    worker.once('error', (error) => {
      this.#error = error;
    });
    worker.once('exit', (code) => {
      this.#hasExited = true;
      // Messages that it sent before have arrived, but may not have been read.
      this.#inbox.drain();
      void this.#children.endRest();
      this.#reject(this.#error ?? new Error(`worker exited with code: ${code}`));
      resolve();
      options.onExit(this);
    });
  }

  /** Whether it gets no more jobs. */
  get isLeaving(): boolean {
    return this.#isAside || this.#endingSince !== undefined;
  }

  /** The total time that it has been busy, in milliseconds. */
  get busyMs(): number {
    return this.#worker.performance.eventLoopUtilization().active;
  }

  /** The number of groups of batches with jobs that have not ended. */
  get load(): number {
    return [...this.#groups].filter((batches) => this.#isOpen(batches)).length;
  }

  /** It has started. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** When its end began, by `performance.now()`. */
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

  /** Makes the thread load these files. Resolves when it has loaded them or has exited. */
  async warmUp(modules: readonly string[]): Promise<void> {
    const order: WarmUp = { token: this.#token, modules };
    const answer: unknown = await this.#piscina.run(order).catch(() => undefined);
    if (answer !== undefined) this.#distrust('an answer');
  }

  /** Makes the thread run jobs, one after the other. */
  start(jobs: readonly Job[]): RunningJob[] {
    const started =
      jobs.length > 1 || this.#isShared ? new Int32Array(new SharedArrayBuffer(4 * jobs.length)) : undefined;
    const batch = { jobs, started };
    const running = jobs.map((job, index) => this.#follow(job.id, () => !!started && tryStart(batch, index)));
    this.#send(batch);
    return running;
  }

  /** How long its event loop has been blocked, in milliseconds. Pings the thread for the next call. */
  blockedMs(): number {
    const now = performance.now();
    if (!this.#isReady || this.#open.size === 0 || this.#inbox.ping()) this.#turnedAt = now;
    return now - this.#turnedAt;
  }

  /** Gives it no more jobs, and ends it when its jobs have ended. */
  setAside(): void {
    if (this.isLeaving || this.#hasExited) return;
    this.#isAside = true;
    this.#options.onLeaving(this);
    this.#endIfDone();
  }

  /** Gives it jobs again after {@link setAside}; returns false if it is being ended or has exited. */
  takeBackIn(): boolean {
    if (!this.#isAside || this.#endingSince !== undefined || this.#hasExited) return false;
    this.#isAside = false;
    return true;
  }

  /** Ends it, even if it runs jobs. */
  end(): Promise<void> {
    if (this.#endingSince === undefined && !this.#hasExited) {
      const { isLeaving } = this;
      this.#endingSince = performance.now();
      void this.#children.terminate(this.#worker);
      if (!isLeaving) this.#options.onLeaving(this);
    }
    return this.exited;
  }

  get #isShared(): boolean {
    return this.#options.tasksPerThread > 1;
  }

  #follow(id: number, tryTakeBack: () => boolean): RunningJob {
    return {
      id,
      thread: this,
      end: this.#open.add(id),
      takeBack: () => {
        const taken = tryTakeBack();
        if (taken) this.#open.remove(id);
        return taken;
      },
      abort: (reason) => this.#inbox.post({ jobId: id, reason }),
    };
  }

  /** On a shared thread, batches that start in the same turn are sent in one message. */
  #send(batch: JobBatch): void {
    if (!this.#isShared) {
      void this.#run([batch]);
      return;
    }
    if (this.#next) {
      this.#next.push(batch);
      return;
    }
    const batches = [batch];
    this.#next = batches;
    queueMicrotask(() => {
      this.#next = undefined;
      void this.#run(batches);
    });
  }

  async #run(batches: readonly JobBatch[]): Promise<void> {
    const order: BatchGroup = { token: this.#token, batches };
    this.#groups.add(batches);
    try {
      const answer: unknown = await this.#piscina.run(order);
      // Messages that the thread sent before have arrived, but may not have been read.
      this.#inbox.drain();
      if (answer !== undefined) this.#distrust('an answer');
      else if (this.#isOpen(batches)) this.#distrust('a job without an end');
    } catch {
      // Its jobs end with the thread.
      void this.end();
    }
    this.#groups.delete(batches);
  }

  #isOpen(batches: readonly JobBatch[]): boolean {
    return batches.some(({ jobs }) => jobs.some(({ id }) => this.#open.has(id)));
  }

  /** Ends jobs. Returns whether the thread runs any of them. */
  #resolveJobs(ends: readonly JobEnd[]): boolean {
    if (this.#isDistrusted) return false;
    const isAny = this.#open.resolve(ends);
    this.#endIfDone();
    return isAny;
  }

  #endIfDone(): void {
    if (this.#isAside && this.#open.size === 0) void this.end();
  }

  /** Task code controls the messages to the runner, so no message of this thread can be trusted. */
  #distrust(problem: string): void {
    if (this.#hasExited) return;
    this.#isDistrusted = true;
    this.#options.onBadMessage(problem, this);
    this.#error ??= new Error(`it sent what only the runner's own code sends (${problem})`);
    void this.end();
  }

  #reject(cause: unknown): void {
    this.#inbox.close();
    this.#open.reject(cause);
    void this.#piscina.destroy();
  }
}
