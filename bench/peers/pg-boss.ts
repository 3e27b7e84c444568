import { PgBoss } from 'pg-boss';
import { z } from 'zod';
import { until } from '../edge-client.ts';
import type { PostgresServer } from './lib/postgres.ts';
import { WorkerProcess } from './lib/worker-process.ts';
import { addInBatches, type NoopRun, queueName, rate, untilIdle } from './noop-jobs.ts';

const SCRIPT = 'bench/peers/pg-boss-worker.ts';
const SAMPLE = 50;

const Completed = z.tuple([z.object({ jobs: z.coerce.number(), last_ms: z.coerce.number() })]);
const Data = z.object({ n: z.number() });

/**
 * Measures no-op jobs through pg-boss, whose workers are running and idle: jobs per second, from the first
 * `insert` to the latest `completed_on` of a job.
 *
 * Configuration: a queue in a separate partition; `insert` of 1,000 jobs, two at once; one worker process with
 * four loops that each fetch 1,000 jobs. NOTIFY wakes them. They fetch again at once while batches are full, and
 * otherwise poll every 0.5 s, the shortest interval that is allowed. Each job's result is stored.
 */
export async function submitToPgBoss(
  { port, url }: PostgresServer,
  { count, log }: NoopRun,
): Promise<number> {
  const boss = new PgBoss({ connectionString: url, supervise: false, schedule: false });
  boss.on('error', console.error);
  await boss.start();
  try {
    const queue = queueName();
    await boss.createQueue(queue, { partition: true, notify: true });
    const worker = await WorkerProcess.start(SCRIPT, { port, queue, expect: count, log });
    try {
      await untilIdle();
      const startedAt = Date.now();
      await addInBatches(count, (batch) => {
        const jobs = batch.map((n) => ({ data: { n } }));
        return boss.insert(queue, jobs);
      });
      await worker.done;
      const lastMs = await lastCompletion(boss, queue, count);
      await verify(boss, queue);
      return rate(count, startedAt, lastMs);
    } finally {
      await worker.stop();
    }
  } finally {
    await boss.stop();
  }
}

/**
 * Waits until every job is completed in one attempt.
 *
 * @returns the time of the last completion, in Unix milliseconds.
 */
async function lastCompletion(boss: PgBoss, queue: string, count: number): Promise<number> {
  let lastMs = Number.NaN;
  await until(`${count} jobs completed by pg-boss`, async () => {
    const { rows } = await boss.getDb().executeSql(
      `SELECT count(*) AS jobs, extract(epoch FROM max(completed_on)) * 1000 AS last_ms FROM pgboss.job
       WHERE name = $1 AND state = 'completed' AND retry_count = 0`,
      [queue],
    );
    const [completed] = Completed.parse(rows);
    lastMs = completed.last_ms;
    return completed.jobs === count;
  });
  return lastMs;
}

/** Checks the results of a sample. */
async function verify(boss: PgBoss, queue: string): Promise<void> {
  for (const { id, data, output } of await boss.findJobs(queue, { limit: SAMPLE })) {
    if (Data.parse(output).n !== Data.parse(data).n) {
      throw new Error(`pg-boss's job ${id} has the result ${JSON.stringify(output)}`);
    }
  }
}
