import { TaskQueue } from '../../client/client.ts';
import { workerConfig } from '../../edge/scripts/worker-config.ts';
import { Caller } from '../../edge/testing/caller.ts';
import { testHarness } from '../../edge/testing/harness.ts';
import { BenchClient } from '../edge-client.ts';
import { type BenchRunner, startBenchRunner } from '../runner-child.ts';
import { Operations, sum } from './operations.ts';

/** Ended tasks may be archived at once. */
const VARS = { AUTH: 'off', RETENTION_HOURS: '0' };

/** Both workers as they are deployed, with counters, in workerd. */
export class CostSystem {
  readonly api: Caller;
  readonly buffer: Caller;
  /** Reads results back. Its own calls count too. */
  readonly client: BenchClient;
  /** Submits as users do. */
  readonly queue: TaskQueue;
  readonly #harness: ReturnType<typeof testHarness>;
  readonly #folder: string;

  private constructor(harness: ReturnType<typeof testHarness>, url: URL, folder: string) {
    this.#harness = harness;
    this.#folder = folder;
    this.api = new Caller(harness.getWorker('task-api-v2'));
    this.buffer = new Caller(harness.getWorker('queue-buffer-v2'));
    this.client = new BenchClient({ apiUrl: `${url.origin}/api`, queueUrl: `${url.origin}/buffer` });
    this.queue = new TaskQueue({ url: this.client.apiUrl });
  }

  /** @param folder holds the logs. */
  static async start(folder: string): Promise<CostSystem> {
    // Otherwise it prints a line for each queue batch.
    process.env.WRANGLER_LOG ??= 'error';
    const gate = {
      name: 'gate',
      main: 'gate.ts',
      compatibility_date: '2026-10-20',
      services: [
        { binding: 'API', service: 'task-api-v2' },
        { binding: 'BUFFER', service: 'queue-buffer-v2' },
      ],
    };
    const harness = testHarness({
      root: import.meta.dirname,
      workers: [gate, counted('api'), counted('buffer')].map((config) => ({ config })),
    });
    const { url } = await harness.listen();
    return new CostSystem(harness, url, folder);
  }

  stop(): Promise<void> {
    return this.#harness.close();
  }

  /** The operations of both workers so far. */
  operations(): Promise<Operations> {
    return countedBy([this.api, this.buffer]);
  }

  /** Starts a runner and waits until it claims; it is done with `expect` results. */
  startRunner(expect: number): Promise<BenchRunner> {
    return startBenchRunner(this.#folder, expect, {
      API_WORKER_URL: this.client.apiUrl,
      QUEUE_WORKER_URL: this.client.queueUrl,
      THREADS: '1',
    });
  }

  /** Sets the clocks of both workers ahead and runs the cron job. */
  async runCron(aheadMs: number): Promise<void> {
    for (const worker of [this.api, this.buffer]) await worker.post(`/bench/clock?ahead=${aheadMs}`);
    const { outcome } = await this.api.worker.scheduled({});
    if (outcome !== 'ok') throw new Error(`The cron job ended as ${outcome}`);
  }
}

/** The deployed configuration of a worker, with the counted worker as its entry. */
function counted(worker: 'api' | 'buffer') {
  return { ...workerConfig(worker), main: `${worker}.ts`, vars: VARS };
}

/** The operations of some workers so far. */
export async function countedBy(workers: readonly Caller[]): Promise<Operations> {
  return sum(await Promise.all(workers.map((worker) => worker.read('/bench/operations', Operations))));
}
