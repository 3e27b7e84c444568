/** The API Worker, counted. */
import type { ApiEnv } from '../../edge/api/env.ts';
import worker from '../../edge/api/worker.ts';
import { countedKv, countedNamespace, countedQueue } from './bindings.ts';
import { countedWorker } from './counted-worker.ts';
import { Tally } from './tally.ts';

const tally = new Tally();

export default countedWorker<ApiEnv>(worker, tally, (env) => ({
  ...env,
  TASK_STORAGE: countedKv(env.TASK_STORAGE, tally),
  TASK_QUEUE: countedQueue(env.TASK_QUEUE, tally),
  LEDGER: countedNamespace(env.LEDGER, tally),
}));
