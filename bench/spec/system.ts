import { join } from 'node:path';
import { z } from 'zod';
import { Caller } from '../../edge/testing/caller.ts';
import { testHarness } from '../../edge/testing/harness.ts';
import { eachAtOnce, until } from '../edge-client.ts';
import type { Work } from './consumer.ts';

const SUBMITTED = z.object({ success: z.literal(true), taskId: z.string() });
const READY = z.object({ count: z.int() });
const STATUS = z.object({ status: z.string() });
const AT_ONCE = 16;

/** The entry files of the two workers. */
export interface SpecEntries {
  readonly api: string;
  readonly buffer: string;
}

const OWN_ENTRIES: SpecEntries = {
  api: join(import.meta.dirname, 'api.ts'),
  buffer: join(import.meta.dirname, 'buffer.ts'),
};

/**
 * The two workers of the specification's design in workerd. Their queue has the settings of this system's queue.
 */
export class SpecSystem {
  readonly api: Caller;
  readonly buffer: Caller;
  readonly #harness: ReturnType<typeof testHarness>;

  private constructor(harness: ReturnType<typeof testHarness>) {
    this.#harness = harness;
    this.api = new Caller(harness.getWorker('task-api-v2'));
    this.buffer = new Caller(harness.getWorker('queue-buffer-v2'));
  }

  static async start({ api, buffer }: SpecEntries = OWN_ENTRIES): Promise<SpecSystem> {
    const common = { compatibility_date: '2026-10-20' };
    const queue = 'task-queue-v2';
    // Otherwise it prints a line for each queue batch.
    process.env.WRANGLER_LOG ??= 'error';
    const harness = testHarness({
      root: import.meta.dirname,
      workers: [
        {
          config: {
            ...common,
            name: 'task-api-v2',
            main: api,
            kv_namespaces: [{ binding: 'TASK_STORAGE' }],
            queues: { producers: [{ binding: 'TASK_QUEUE', queue }] },
          },
        },
        {
          config: {
            ...common,
            name: 'queue-buffer-v2',
            main: buffer,
            kv_namespaces: [{ binding: 'TASK_STORAGE' }, { binding: 'TASK_BUFFER' }],
            queues: { consumers: [{ queue, max_batch_size: 100, max_batch_timeout: 0 }] },
          },
        },
      ],
    });
    await harness.listen();
    return new SpecSystem(harness);
  }

  stop(): Promise<void> {
    return this.#harness.close();
  }

  /** Submits a task with the payload `{ n }`. Returns its id. */
  async submit(n: number): Promise<string> {
    return (await this.api.read('/tasks', SUBMITTED, { type: 'bench-noop', payload: { n } })).taskId;
  }

  /** Submits tasks 0 to `count` − 1, 16 at once. Returns their ids in order. */
  async submitMany(count: number): Promise<string[]> {
    const ids: string[] = [];
    await eachAtOnce(Array.from({ length: count }, (_, n) => n).values(), AT_ONCE, async (n) => {
      ids[n] = await this.submit(n);
    });
    return ids;
  }

  /** Waits until `count` tasks are ready. */
  async buffered(count: number): Promise<void> {
    await until(`${count} tasks in the buffer`, async () => {
      return (await this.buffer.read('/tasks/ready', READY)).count === count;
    });
  }

  /** Checks that every task ran with its own payload and has the status completed. */
  async verify(ids: readonly string[], work: readonly Work[]): Promise<void> {
    const worked = new Map(work.map(({ id, n }) => [id, n]));
    await eachAtOnce(ids.entries(), AT_ONCE, async ([n, id]) => {
      const { status } = await this.api.read(`/tasks/${id}/status`, STATUS);
      if (status !== 'completed' || worked.get(id) !== n) {
        throw new Error(`Task ${id} is ${status}; its payload was ${worked.get(id)}, expected ${n}`);
      }
    });
  }
}
