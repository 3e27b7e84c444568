/** Graphile Worker with a no-op task. `graphile.ts` describes its configuration. */
import { Logger, run } from 'graphile-worker';
import { z } from 'zod';
import { Counters, fail } from './lib/counters.ts';
import { postgresUrl } from './lib/postgres.ts';
import { serve } from './lib/serve.ts';

const CONCURRENCY = 64;

const Payload = z.object({ n: z.number() });

await serve(async ({ port, queue, expect }) => {
  const counters = new Counters(expect);
  const runner = await run({
    preset: {
      worker: {
        connectionString: postgresUrl(port),
        concurrentJobs: CONCURRENCY,
        maxPoolSize: CONCURRENCY + 2,
        localQueue: { size: 1000 },
        completeJobBatchDelay: 0,
        failJobBatchDelay: 0,
        logger: new Logger(() => (level, message) => {
          if (level === 'error') console.error(message);
        }),
      },
    },
    noHandleSignals: true,
    parsedCronItems: [],
    taskList: {
      async [queue](payload) {
        counters.start();
        counters.end(Payload.parse(payload).n);
      },
    },
  });
  runner.promise.catch(fail);
  return () => runner.stop();
});
