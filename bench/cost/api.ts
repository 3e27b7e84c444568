/** The API Worker, counted. */
import type { ApiEnv } from '../../edge/api/env.ts';
import worker from '../../edge/api/worker.ts';
import { countedKv, countedNamespace, countedQueue } from './bindings.ts';
import { countedWorker } from './counted-worker.ts';
import { Counters } from './counters.ts';

const counters = new Counters();

export default countedWorker<ApiEnv>(worker, counters, (env) => ({
  ...env,
  TASK_STORAGE: countedKv(env.TASK_STORAGE, counters),
  TASK_QUEUE: countedQueue(env.TASK_QUEUE, counters),
  LEDGER: countedNamespace(env.LEDGER, counters),
}));
