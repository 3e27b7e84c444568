import { setTimeout as sleep } from 'node:timers/promises';
import { makeWorkerUtils, type WorkerUtils } from 'graphile-worker';
import { z } from 'zod';
import type { PostgresServer } from './lib/postgres.ts';
import { WorkerProcess } from './lib/worker-process.ts';
import { addInBatches, type NoopRun, queueName, rate, untilIdle } from './noop-jobs.ts';

const SCRIPT = 'bench/peers/graphile-worker.ts';
const WAIT_MS = 30_000;
const POLL_MS = 2;

const Waiting = z.tuple([z.object({ waiting: z.boolean() })]);

/**
 * Measures no-op jobs through Graphile Worker, whose worker is running and idle: jobs per second, from the first
 * `addJobs` until no job is left in the database. Graphile Worker deletes a job that succeeded, and stores no
 * result.
 *
 * Configuration: `addJobs` of 1,000 jobs, two at once; one worker process with 64 jobs at once and 66
 * connections; a local queue of 1,000 jobs, and completions sent together without delay, as the documentation
 * advises for high throughput; successes are not logged.
 */
export async function submitToGraphile(
  { port, url }: PostgresServer,
  { count, log }: NoopRun,
): Promise<number> {
  const utils = await makeWorkerUtils({ connectionString: url });
  try {
    await utils.migrate();
    const identifier = queueName();
    const env = { NO_LOG_SUCCESS: '1' };
    const worker = await WorkerProcess.start(SCRIPT, { port, queue: identifier, expect: count, log, env });
    try {
      await untilIdle();
      const startedAt = Date.now();
      await addInBatches(count, (batch) => utils.addJobs(batch.map((n) => ({ identifier, payload: { n } }))));
      await worker.done;
      return rate(count, startedAt, await untilEmpty(utils));
    } finally {
      await worker.stop();
    }
  } finally {
    await utils.release();
  }
}

/** Waits until no job is left. A failed job would stay. Resolves to the time in Unix milliseconds. */
async function untilEmpty(utils: WorkerUtils): Promise<number> {
  const deadline = performance.now() + WAIT_MS;
  while (await isAnyWaiting(utils)) {
    if (performance.now() > deadline)
      throw new Error('Graphile Worker did not complete all jobs that it ran');
    await sleep(POLL_MS);
  }
  return Date.now();
}

async function isAnyWaiting(utils: WorkerUtils): Promise<boolean> {
  const { rows } = await utils.withPgClient((client) =>
    client.query('SELECT exists(SELECT FROM graphile_worker.jobs) AS waiting'),
  );
  return Waiting.parse(rows)[0].waiting;
}
