import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'jsonc-parser';
import { Caller, testHarness } from '../../edge/testing.ts';
import { startScript } from '../../runner/script.ts';
import { BenchClient } from '../edge-client.ts';
import type { RunnerMessage } from '../runner-messages.ts';
import { Operations, sum } from './operations.ts';

const BENCH = join(import.meta.dirname, '..');
const EDGE = join(BENCH, '../edge');

/** Ended tasks may be archived at once. */
const VARS = { AUTH: 'off', RETENTION_HOURS: '0' };

/** A runner that counts what it completes. */
export interface CostRunner {
  /** Resolves when the expected number of results was accepted. */
  readonly done: Promise<void>;
  stop(): Promise<void>;
}

/** Both workers as they are deployed, counted, in workerd. */
export class CostSystem {
  readonly api: Caller;
  readonly buffer: Caller;
  /** Reads back what was done; its own calls count, too. */
  readonly client: BenchClient;
  readonly #harness: ReturnType<typeof testHarness>;
  readonly #folder: string;

  private constructor(harness: ReturnType<typeof testHarness>, url: URL, folder: string) {
    this.#harness = harness;
    this.#folder = folder;
    this.api = new Caller(harness.getWorker('task-api-v2'));
    this.buffer = new Caller(harness.getWorker('queue-buffer-v2'));
    this.client = new BenchClient({ apiUrl: `${url.origin}/api`, queueUrl: `${url.origin}/buffer` });
  }

  /** @param folder holds the logs. */
  static async start(folder: string): Promise<CostSystem> {
    // Else it prints a line for each batch of the queue.
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

  /** What both workers have done so far. */
  operations(): Promise<Operations> {
    return countedBy([this.api, this.buffer]);
  }

  /** Starts a runner and waits until it claims; it is done with `expect` results. */
  async startRunner(expect: number): Promise<CostRunner> {
    const { process: child, ...script } = await startScript('bench/runner-process.ts', {
      env: {
        API_WORKER_URL: this.client.apiUrl,
        QUEUE_WORKER_URL: this.client.queueUrl,
        TASKS_DIR: join(BENCH, 'tasks'),
        THREADS: '1',
        LOG_LEVEL: 'warn',
        BENCH_EXPECT: String(expect),
      },
      output: { file: join(this.#folder, 'cost-runner.log') },
    });
    const failed = script.ended.then((code) => {
      throw new Error(`The runner ended before it was done (exit code ${code}); see cost-runner.log`);
    });
    const told = (kind: RunnerMessage['kind']) => {
      const heard = new Promise<void>((resolve) => {
        child.on('message', (message: RunnerMessage) => {
          if (message.kind === kind) resolve();
        });
      });
      return Promise.race([heard, failed]);
    };
    const done = told('done');
    // Whoever waits for it is told; until then it is nobody's.
    done.catch(() => {});
    await told('ready');
    return {
      done,
      async stop() {
        if ((await script.stop()) !== 0) throw new Error('The runner failed; see cost-runner.log');
      },
    };
  }

  /** Sets the clocks of both workers ahead and runs the cron job. */
  async runCron(aheadMs: number): Promise<void> {
    for (const worker of [this.api, this.buffer]) await worker.post(`/bench/clock?ahead=${aheadMs}`);
    const { outcome } = await this.api.worker.scheduled({});
    if (outcome !== 'ok') throw new Error(`The cron job ended as ${outcome}`);
  }
}

/** A worker's configuration as it is deployed, its entry the counted one. */
function counted(worker: 'api' | 'buffer') {
  const config = parse(readFileSync(join(EDGE, worker, 'wrangler.jsonc'), 'utf8'));
  return { ...config, main: `${worker}.ts`, vars: VARS };
}

/** What some workers have done so far. */
export async function countedBy(workers: readonly Caller[]): Promise<Operations> {
  return sum(await Promise.all(workers.map((worker) => worker.read('/bench/operations', Operations))));
}
