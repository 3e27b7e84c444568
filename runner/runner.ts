import { hostname } from 'node:os';
import { BUILT_IN_TASKS, type Catalog, loadCatalog } from './catalog.ts';
import { ClaimLoop } from './claim-loop.ts';
import { EdgeClient } from './edge-client.ts';
import { createBus, type RunnerBus } from './events.ts';
import type { HeldTask } from './held-task.ts';
import { Lane } from './lane.ts';
import { LeaseBook } from './lease-book.ts';
import type { RunnerOptions } from './options.ts';
import { Reporter } from './reporter.ts';
import { untilAnswered } from './retry.ts';
import type { Outcome } from './thread-protocol.ts';

/**
 * A runner: it claims tasks, runs them on threads, and reports how they ended. Nothing of a task runs on
 * the thread that this code runs on, so leases are renewed whatever the tasks do.
 *
 * @throws {Error} when the task types cannot be loaded, with a sentence for each file that is wrong.
 */
export async function createRunner(options: RunnerOptions): Promise<Runner> {
  const folders = options.tasks === undefined ? [BUILT_IN_TASKS] : [BUILT_IN_TASKS, options.tasks];
  return new Runner(options, await loadCatalog(folders));
}

export class Runner {
  readonly events: RunnerBus = createBus();
  readonly catalog: Catalog;
  readonly #options: RunnerOptions;
  readonly #client: EdgeClient;
  readonly #lanes: ReadonlyMap<string, Lane>;
  readonly #leases: LeaseBook;
  readonly #reporter: Reporter;
  readonly #loop: ClaimLoop;
  readonly #stopping = new AbortController();
  readonly #forced = new AbortController();
  readonly #ended = new AbortController();
  #givingBack: Promise<unknown> = Promise.resolve();

  constructor(options: RunnerOptions, catalog: Catalog) {
    const { events } = this;
    this.catalog = catalog;
    this.#options = options;
    this.#client = new EdgeClient(options);
    this.#lanes = new Map([
      ['cpu', this.#createLane('cpu', options.threads, 1)],
      ['io', this.#createLane('io', 1, options.ioConcurrency)],
    ]);
    this.#leases = new LeaseBook({
      client: this.#client,
      events,
      leaseSeconds: options.leaseSeconds,
      onLost: ({ entry, task }) => this.#lanes.get(entry.lane)?.lose(task.taskId),
    });
    this.#reporter = new Reporter({
      client: this.#client,
      events,
      onAnswered: (held) => {
        this.#leases.strike(held);
        this.#lanes.get(held.entry.lane)?.acknowledge();
      },
    });
    this.#loop = new ClaimLoop({
      client: this.#client,
      catalog,
      lanes: [...this.#lanes.values()],
      leases: this.#leases,
      events,
      runner: `${hostname()}-${process.pid}`,
      leaseSeconds: options.leaseSeconds,
      pollIntervalMs: options.pollInterval,
      once: options.once,
      reportMs: () => this.#reporter.reportMs.value ?? 0,
    });
  }

  /** Tasks that this runner holds in memory: claimed and not yet answered for. */
  get held(): number {
    return [...this.#lanes.values()].reduce((sum, lane) => sum + lane.held, 0);
  }

  /** Runs until it is stopped or, with `once`, until nothing is ready; then gives back or ends what it holds. */
  async run(): Promise<void> {
    this.events.emit('configured', this.#options, this.catalog);
    if (await this.#connect()) {
      this.#leases.start();
      await this.#loop.run();
    }
    await this.#drain();
  }

  /** Claims no more, and ends once what runs has ended or `drainTimeout` is up. Called again, it ends now. */
  stop(): void {
    if (this.#stopping.signal.aborted) this.#forced.abort();
    this.#stopping.abort();
    this.#loop.stop();
  }

  /** Waits until both workers answer; false when the runner was stopped before. */
  async #connect(): Promise<boolean> {
    const { events } = this;
    const { signal } = this.#stopping;
    events.emit('connecting');
    try {
      const retry = { events, signal };
      events.emit('connected', 'Queue worker', await untilAnswered(() => this.#client.queueHealth(), retry));
      events.emit('connected', 'API worker', await untilAnswered(() => this.#client.apiHealth(), retry));
      events.emit('ready');
      return true;
    } catch (error) {
      if (!signal.aborted) throw error;
      return false;
    }
  }

  /**
   * Gives back what has not started, lets what runs end in its time, ends the threads, and offers the last
   * results. Leases are renewed until the end.
   */
  async #drain(): Promise<void> {
    const lanes = [...this.#lanes.values()];
    const timeoutSeconds = this.#options.drainTimeout;
    const deadline = AbortSignal.any([AbortSignal.timeout(timeoutSeconds * 1000), this.#forced.signal]);
    const running = lanes.reduce((sum, lane) => sum + lane.running, 0);
    if (running > 0) this.events.emit('draining', { running, timeoutSeconds });

    this.#giveBack(lanes.flatMap((lane) => lane.takeWaiting()));
    await Promise.race([Promise.all(lanes.map((lane) => lane.idle())), aborted(deadline)]);
    await Promise.all(lanes.map((lane) => lane.close()));

    const lastWords = AbortSignal.timeout(LAST_WORDS_MS);
    lastWords.addEventListener('abort', () => this.#ended.abort());
    await Promise.all([this.#reporter.drain(lastWords), this.#givingBack]);
    this.#leases.stop();
    this.events.emit('drained', { unanswered: this.held });
  }

  #createLane(name: 'cpu' | 'io', threads: number, tasksPerThread: number): Lane {
    const types = [...this.catalog.values()].filter((entry) => entry.lane === name);
    return new Lane({
      types,
      threads,
      tasksPerThread,
      dataDir: this.#options.dataDir,
      events: this.events,
      onOutcome: (held, outcome) => this.#takeOutcome(held, outcome),
      onGiveBack: (held) => this.#giveBack([held]),
      onFreed: (lane) => this.#loop.refill(lane),
    });
  }

  #takeOutcome(held: HeldTask, outcome: Outcome): void {
    if ('error' in outcome) this.events.emit('failed', { task: held.task, error: outcome.error });
    else this.events.emit('completed', held.task);
    this.#reporter.add(held, outcome);
  }

  #giveBack(tasks: readonly HeldTask[]): void {
    const released = this.#leases.release(tasks, this.#ended.signal).catch((error: unknown) => {
      // Given up at the end of a drain: the leases run out by themselves.
      if (!this.#ended.signal.aborted) throw error;
    });
    this.#givingBack = Promise.all([this.#givingBack, released]);
  }
}

/** How long a stopping runner goes on offering its last results and releases. */
const LAST_WORDS_MS = 5000;

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
