/** pg-boss's workers with a no-op handler. `pg-boss.ts` describes their configuration. */
import { PgBoss } from 'pg-boss';
import { Counters, fail } from './lib/counters.ts';
import { postgresUrl } from './lib/postgres.ts';
import { serve } from './lib/serve.ts';
import type { JobData } from './lib/worker-messages.ts';

const LOOPS = 4;
const BATCH = 1000;
const SHORTEST_POLL_SECONDS = 0.5;

await serve(async ({ port, queue, expect }) => {
  const counters = new Counters(expect);
  const boss = new PgBoss({ connectionString: postgresUrl(port), useListenNotify: true });
  boss.on('error', fail);
  await boss.start();
  const options = {
    batchSize: BATCH,
    localConcurrency: LOOPS,
    burstWhenBatchFull: true,
    pollingIntervalSeconds: SHORTEST_POLL_SECONDS,
    notifyPollingIntervalSeconds: SHORTEST_POLL_SECONDS,
    perJobResults: true,
  } as const;
  await boss.work<JobData, never, typeof options>(queue, options, async (jobs) => {
    counters.start();
    return jobs.map(({ id, data: { n } }) => {
      counters.end(n);
      return { id, status: 'completed', output: { n } };
    });
  });
  return () => boss.stop();
});
