import { join } from 'node:path';
import { type Job, Queue, Worker } from 'bullmq';
import { MAX_BATCH_TASKS } from '../../edge/contract/limits.ts';
import { inBatches } from '../edge-client.ts';

/** BullMQ's sandboxed processor on worker threads. It runs one job on each thread at a time. */
export class BullmqThreads {
  readonly #queue: Queue;
  readonly #worker: Worker;

  private constructor(queue: Queue, worker: Worker) {
    this.#queue = queue;
    this.#worker = worker;
  }

  static async open(port: number, threads: number): Promise<BullmqThreads> {
    const connection = { host: '127.0.0.1', port, maxRetriesPerRequest: null };
    const name = `threads-${process.hrtime.bigint()}`;
    const queue = new Queue(name, { connection });
    const worker = new Worker(name, join(import.meta.dirname, 'bullmq-processor.ts'), {
      connection,
      useWorkerThreads: true,
      concurrency: threads,
      autorun: false,
    });
    await Promise.all([queue.waitUntilReady(), worker.waitUntilReady()]);
    return new BullmqThreads(queue, worker);
  }

  /** Runs jobs that were all queued before. The first jobs only warm up the threads and are not counted. */
  async run(jobs: readonly object[], warmUp: number): Promise<{ results: unknown[]; seconds: number }> {
    const results: unknown[] = [];
    const [warm, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const warming = jobs.slice(0, warmUp);
    let toWarm = warming.length;
    let toEnd = jobs.length;
    this.#worker.on('failed', (_job, error) => ended.reject(error));
    this.#worker.on('completed', ({ name, data }: Job, result) => {
      if (name === 'warm-up') {
        toWarm -= 1;
        if (toWarm === 0) warm.resolve();
        return;
      }
      results[data.index] = result;
      toEnd -= 1;
      if (toEnd === 0) ended.resolve();
    });
    void this.#worker.run();
    await this.#add('warm-up', warming);
    await warm.promise;
    await this.#worker.pause();
    await this.#add('work', jobs);
    const startedAt = performance.now();
    this.#worker.resume();
    await ended.promise;
    return { results, seconds: (performance.now() - startedAt) / 1000 };
  }

  async close(): Promise<void> {
    await this.#worker.close();
    await this.#queue.obliterate({ force: true });
    await this.#queue.close();
  }

  async #add(name: string, jobs: readonly object[]): Promise<void> {
    const entries = jobs.map((job, index) => ({ name, data: { ...job, index } }));
    for (const batch of inBatches(entries, MAX_BATCH_TASKS)) await this.#queue.addBulk(batch);
  }
}
