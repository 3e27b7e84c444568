/**
 * BullMQ's worker with a no-op processor and 64 jobs at once. All other options are its defaults. Jobs with a
 * number below 0 warm it up and are not counted.
 */
import { Worker } from 'bullmq';
import { Counters, fail } from './lib/counters.ts';
import { serve } from './lib/serve.ts';
import type { JobData } from './lib/worker-messages.ts';

const CONCURRENCY = 64;

await serve(async ({ port, queue, expect }) => {
  const counters = new Counters(expect);
  const worker = new Worker<JobData, JobData>(
    queue,
    async ({ data: { n } }) => {
      if (n >= 0) counters.start();
      return { n };
    },
    { connection: { host: '127.0.0.1', port, maxRetriesPerRequest: null }, concurrency: CONCURRENCY },
  );
  worker.on('completed', ({ data: { n } }) => {
    if (n >= 0) counters.end(n);
  });
  worker.on('failed', (_job, error) => fail(error));
  worker.on('error', fail);
  await worker.waitUntilReady();
  return () => worker.close();
});
