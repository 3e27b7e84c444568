import { hostname } from 'node:os';
import { builtInFiles } from './catalog/built-in.ts';
import { type Catalog, loadCatalog } from './catalog/catalog.ts';
import { ClaimLoop } from './claiming/claim-loop.ts';
import { aboutRunner, RunnerInfo, stuckThreads } from './claiming/runner-info.ts';
import { EdgeClient } from './connection/edge-client.ts';
import { untilAnswered } from './connection/retry.ts';
import { WakeSocket } from './connection/wake-socket.ts';
import { createBus, type RunnerBus } from './events.ts';
import { Lane, type LaneLoad } from './execution/lane.ts';
import { MemoryWatch } from './execution/memory-watch.ts';
import type { HeldTask } from './held-task.ts';
import { LeaseManager } from './leases/lease-manager.ts';
import type { RunnerOptions } from './options.ts';
import { Reporter } from './reporting/reporter.ts';
import type { Lane as LaneName } from './task.ts';
import type { Outcome } from './threads/thread-protocol.ts';

/**
 * Creates a runner, which claims tasks, runs them on threads, and reports their results. No task code runs on the
 * main thread, so the runner renews its leases regardless of the tasks.
 *
 * @throws {Error} if the task types cannot be loaded, with a sentence for each wrong file.
 */
export async function createRunner(options: RunnerOptions, env = process.env): Promise<Runner> {
  const folders = options.tasks === undefined ? [] : [options.tasks];
  const catalog = await loadCatalog(folders, builtInFiles(options.builtIn), env);
  if (catalog.size > 0) return new Runner(options, catalog, env);
  throw new Error(
    'This runner has no task types: set a folder that contains some with --tasks (TASKS_DIR), or built-in types with --built-in (BUILT_IN)',
  );
}

export class Runner {
  /** The ledger stores it with each attempt, and the log has it in each line. */
  readonly name = `${hostname()}-${process.pid}`;
  readonly events: RunnerBus = createBus();
  readonly catalog: Catalog;
  readonly #options: RunnerOptions;
  readonly #client: EdgeClient;
  readonly #lanes: ReadonlyMap<LaneName, Lane>;
  readonly #memory = new MemoryWatch(this.events);
  readonly #leases: LeaseManager;
  readonly #reporter: Reporter;
  readonly #loop: ClaimLoop;
  readonly #wake: WakeSocket;
  /** A stop was requested. */
  readonly #stopping = new AbortController();
  /** The drain timeout is over, or a second stop was requested. */
  readonly #forced = new AbortController();
  /** Calls that the edge has not answered by now are given up. */
  readonly #ended = new AbortController();

  /** @param env the environment that contains the variables of the task types. */
  constructor(options: RunnerOptions, catalog: Catalog, env = process.env) {
    const { events, name } = this;
    this.catalog = catalog;
    this.#options = options;
    this.#client = new EdgeClient({
      ...options,
      onAnswered: (call, ms) => events.emit('answered', { call, ms }),
    });
    this.#lanes = new Map<LaneName, Lane>([
      ['cpu', this.#createLane('cpu', options.threads, 1, env)],
      ['io', this.#createLane('io', 1, options.ioConcurrency, env)],
    ]);
    this.#leases = new LeaseManager({
      client: this.#client,
      events,
      leaseSeconds: options.leaseSeconds,
      signal: this.#ended.signal,
      onLost: (held) => this.#laneOf(held)?.lose(held),
      onCancelled: (held) => this.#laneOf(held)?.cancel(held),
    });
    this.#reporter = new Reporter({
      client: this.#client,
      events,
      signal: this.#ended.signal,
      spacingMs: () => this.#reportSpacingMs(),
      onAnswered: (held) => {
        this.#leases.remove(held);
        this.#laneOf(held)?.acknowledge(held);
      },
    });
    const startedAt = new Date();
    const runnerInfo = new RunnerInfo(() =>
      aboutRunner(options, catalog, startedAt, stuckThreads(this.#lanes)),
    );
    for (const event of ['stuck', 'unstuck'] as const) {
      events.on(event, () => runnerInfo.renew(performance.now()));
    }
    this.#loop = new ClaimLoop({
      client: this.#client,
      catalog,
      lanes: [...this.#lanes.values()],
      leases: this.#leases,
      events,
      runner: name,
      runnerInfo,
      leaseSeconds: options.leaseSeconds,
      pollIntervalMs: options.pollIntervalMs,
      once: options.once,
      interrupt: this.#forced.signal,
      reportMs: () => this.#reporter.reportMs.value ?? 0,
      isWoken: () => this.#wake.isOpen,
    });
    this.#wake = new WakeSocket({
      connect: () => this.#client.connectWake(name),
      describe: (reason) => this.#client.wakeClosed(reason),
      events,
      onOpen: () => runnerInfo.renew(performance.now()),
      onWake: () => this.#loop.wake(),
    });
  }

  /** The load of each lane. */
  get lanes(): ReadonlyMap<LaneName, LaneLoad> {
    return this.#lanes;
  }

  /** Whether threads have not ended. After {@link run} such threads are in native calls. */
  get hasThreads(): boolean {
    return [...this.#lanes.values()].some((lane) => lane.hasThreads);
  }

  /** The number of tasks in memory: claimed, but neither their report nor their release is acknowledged. */
  get held(): number {
    return [...this.#lanes.values()].reduce((sum, lane) => sum + lane.held, 0);
  }

  /**
   * Runs until it is stopped or, with `once`, until no task is ready. Then it gives back or ends its tasks.
   *
   * @throws {EdgeError} if the edge refuses a call permanently. Running tasks may end before.
   */
  async run(): Promise<void> {
    this.events.emit('configured', this.#options, this.catalog);
    const warm = Promise.all([...this.#lanes.values()].map((lane) => lane.warmUp()));
    try {
      if (await this.#connect()) {
        await Promise.race([warm, aborted(this.#stopping.signal)]);
        this.events.emit('ready');
        this.#leases.start();
        if (this.#options.wake && !this.#options.once) this.#wake.start();
        await this.#loop.run();
      }
    } catch (error) {
      this.stop();
      throw error;
    } finally {
      this.#wake.stop();
      await this.#drain();
    }
  }

  /** Stops claiming, then ends when running tasks or the drain timeout have ended. A second call ends it now. */
  stop(): void {
    if (this.#stopping.signal.aborted) {
      this.#forced.abort();
      return;
    }
    this.#stopping.abort();
    this.events.emit('stopping');
    setTimeout(() => this.#forced.abort(), this.#options.drainTimeoutSeconds * 1000).unref();
    for (const lane of this.#lanes.values()) lane.drain();
    this.#loop.stop();
  }

  /** Waits until both workers answer. Returns false if the runner was stopped before. */
  async #connect(): Promise<boolean> {
    const { events } = this;
    const { signal } = this.#stopping;
    events.emit('connecting');
    try {
      const retry = { events, signal };
      const queue = await untilAnswered(() => this.#client.queueHealth({ signal }), retry);
      events.emit('connected', 'Queue worker', queue);
      const api = await untilAnswered(() => this.#client.apiHealth({ signal }), retry);
      events.emit('connected', 'API worker', api);
      return true;
    } catch (error) {
      if (!signal.aborted) throw error;
      return false;
    }
  }

  /**
   * Gives back tasks that have not started, waits for running tasks, ends the threads, and reports the last
   * results. It renews the leases until the end.
   */
  async #drain(): Promise<void> {
    const lanes = [...this.#lanes.values()];
    const running = lanes.reduce((sum, lane) => sum + lane.running, 0);
    if (running > 0)
      this.events.emit('draining', { running, timeoutSeconds: this.#options.drainTimeoutSeconds });

    this.#leases.release(lanes.flatMap((lane) => lane.takeWaiting()));
    await Promise.race([Promise.all(lanes.map((lane) => lane.idle())), aborted(this.#forced.signal)]);
    await Promise.all(lanes.map((lane) => lane.close()));

    const finalFlush = setTimeout(() => this.#ended.abort(), FINAL_FLUSH_MS);
    await Promise.all([this.#reporter.flush(), this.#leases.released()]);
    clearTimeout(finalFlush);
    this.#ended.abort();
    this.#leases.stop();
    this.events.emit('drained', { unanswered: this.#leases.held });
  }

  #createLane(name: LaneName, threads: number, tasksPerThread: number, env: NodeJS.ProcessEnv): Lane {
    return new Lane({
      types: [...this.catalog.values()].filter((entry) => entry.lane === name),
      threads,
      tasksPerThread,
      dataDir: this.#options.dataDir,
      env,
      events: this.events,
      memory: this.#memory,
      onOutcome: (held, outcome, ranMs) => this.#takeOutcome(held, outcome, ranMs),
      onGiveBack: (tasks) => this.#leases.release(tasks),
      onStuck: (held) => {
        this.#leases.remove(held);
        this.events.emit('lost', held);
      },
      onFreed: (lane) => this.#loop.refill(lane),
    });
  }

  /** The pause between reports, which collects outcomes. It is zero when no task runs any more. */
  #reportSpacingMs(): number {
    const lanes = [...this.#lanes.values()];
    if (lanes.some((lane) => lane.waiting > 0)) return REPORT_SPACING_MS.backlog;
    return lanes.some((lane) => lane.running > 0) ? REPORT_SPACING_MS.running : 0;
  }

  #laneOf({ entry }: HeldTask): Lane | undefined {
    return this.#lanes.get(entry.lane);
  }

  #takeOutcome(held: HeldTask, outcome: Outcome, ranMs: number | undefined): void {
    if ('error' in outcome) this.events.emit('failed', { held, error: outcome.error, ranMs });
    else this.events.emit('completed', { held, ranMs });
    this.#reporter.add(held, outcome);
  }
}

/** The minimum time between two reports: while tasks wait here for a slot, and while tasks only run. */
const REPORT_SPACING_MS = { backlog: 1000, running: 200 };

/** How long a stopping runner continues to send its last results and releases. */
const FINAL_FLUSH_MS = 5000;

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
