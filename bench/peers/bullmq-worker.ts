/**
 * BullMQ's worker with a no-op processor, 64 jobs at once; all other options are its defaults. Jobs numbered
 * below 0 warm it up, and do not count.
 */
import { Worker } from 'bullmq';
import { serve } from './lib/serve.ts';
import { fail, Tally } from './lib/tally.ts';
import type { JobData } from './lib/worker-messages.ts';

const CONCURRENCY = 64;

await serve(async ({ port, queue, expect }) => {
  const tally = new Tally(expect);
  const worker = new Worker<JobData, JobData>(
    queue,
    async ({ data: { n } }) => {
      if (n >= 0) tally.start();
      return { n };
    },
    { connection: { host: '127.0.0.1', port, maxRetriesPerRequest: null }, concurrency: CONCURRENCY },
  );
  worker.on('completed', ({ data: { n } }) => {
    if (n >= 0) tally.end(n);
  });
  worker.on('failed', (_job, error) => fail(error));
  worker.on('error', fail);
  await worker.waitUntilReady();
  return () => worker.close();
});
