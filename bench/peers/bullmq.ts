import { type Job, Queue } from 'bullmq';
import { until } from '../edge-client.ts';
import type { RedisServer } from './lib/redis.ts';
import type { JobData } from './lib/worker-messages.ts';
import { WorkerProcess } from './lib/worker-process.ts';
import { addInBatches, type NoopRun, queueName, rate, untilIdle } from './noop-jobs.ts';

const SCRIPT = 'bench/peers/bullmq-worker.ts';
const SAMPLE = 50;
const WARM_UP = 2000;

/**
 * Measures no-op jobs through BullMQ, whose worker is running and idle: jobs per second, from the first `addBulk`
 * until the worker knows that the last job has completed.
 *
 * Configuration: `addBulk` of 1,000 jobs, two at once; one worker process with 64 jobs at once; otherwise the
 * defaults, with which completed jobs and their results stay in Redis.
 */
export async function submitToBullmq({ port }: RedisServer, { count, log }: NoopRun): Promise<number> {
  return await withQueue(port, async (queue) => {
    const worker = await WorkerProcess.start(SCRIPT, { port, queue: queue.name, expect: count, log });
    try {
      await untilIdle();
      const startedAt = Date.now();
      const jobs = await add(queue, count);
      const { lastAt } = await worker.done;
      await verify(queue, jobs);
      return rate(count, startedAt, lastAt);
    } finally {
      await worker.stop();
    }
  });
}

/**
 * Measures only BullMQ's worker, after a warm-up. All jobs are added while the queue is paused. The result is jobs
 * per second, from the first start after it resumes until the worker knows that the last job has completed. The
 * configuration is that of {@link submitToBullmq}.
 */
export async function processByBullmq({ port }: RedisServer, { count, log }: NoopRun): Promise<number> {
  return await withQueue(port, async (queue) => {
    const worker = await WorkerProcess.start(SCRIPT, { port, queue: queue.name, expect: count, log });
    try {
      await warmUp(queue);
      await queue.pause();
      const jobs = await add(queue, count);
      await queue.resume();
      const { firstAt, lastAt } = await worker.done;
      await verify(queue, jobs);
      return rate(count, firstAt, lastAt);
    } finally {
      await worker.stop();
    }
  });
}

/** Lets the worker run jobs that do not count, and removes them. */
async function warmUp(queue: Queue<JobData, JobData>): Promise<void> {
  const jobs = Array.from({ length: WARM_UP }, () => ({
    name: 'warm-up',
    data: { n: -1 },
    opts: { removeOnComplete: true },
  }));
  await queue.addBulk(jobs);
  await until(
    'the warm-up of BullMQ',
    async () => (await queue.count()) + (await queue.getActiveCount()) === 0,
  );
}

/** Runs an action with a separate queue, and deletes the queue afterwards. */
async function withQueue(
  port: number,
  action: (queue: Queue<JobData, JobData>) => Promise<number>,
): Promise<number> {
  const queue = new Queue<JobData, JobData>(queueName(), { connection: { host: '127.0.0.1', port } });
  try {
    const result = await action(queue);
    await queue.obliterate({ force: true });
    return result;
  } finally {
    await queue.close();
  }
}

async function add(queue: Queue<JobData, JobData>, count: number): Promise<Job<JobData, JobData>[]> {
  const added: Job<JobData, JobData>[] = [];
  await addInBatches(count, async (batch) => {
    added.push(...(await queue.addBulk(batch.map((n) => ({ name: 'noop', data: { n } })))));
  });
  return added;
}

/** Checks that every job is completed, and that the jobs of a sample started once and have their results. */
async function verify(queue: Queue<JobData, JobData>, jobs: readonly Job<JobData, JobData>[]): Promise<void> {
  const counts = await queue.getJobCounts();
  if (counts.completed !== jobs.length) {
    throw new Error(`BullMQ got ${jobs.length} jobs and has ${JSON.stringify(counts)}`);
  }
  for (let index = 0; index < jobs.length; index += Math.ceil(jobs.length / SAMPLE)) {
    const { id = '', data } = jobs[index] ?? {};
    const read = await queue.getJob(id);
    if (read?.returnvalue.n !== data?.n || read?.attemptsStarted !== 1) {
      throw new Error(
        `BullMQ's job ${id} has the result ${JSON.stringify(read?.returnvalue)} after ${read?.attemptsStarted} starts`,
      );
    }
  }
}
