/** The API Worker of the specification's design, counted. */
import worker, { type SpecApiEnv } from '../spec/api.ts';
import { countedKv, countedQueue } from './bindings.ts';
import { countedWorker } from './counted-worker.ts';
import { Tally } from './tally.ts';

const tally = new Tally();

export default countedWorker<SpecApiEnv>(worker, tally, (env) => ({
  TASK_STORAGE: countedKv(env.TASK_STORAGE, tally),
  TASK_QUEUE: countedQueue(env.TASK_QUEUE, tally),
}));
