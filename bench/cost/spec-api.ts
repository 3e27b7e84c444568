/** The API Worker of the specification's design, counted. */
import worker, { type SpecApiEnv } from '../spec/api.ts';
import { countedKv, countedQueue } from './bindings.ts';
import { countedWorker } from './counted-worker.ts';
import { Counters } from './counters.ts';

const counters = new Counters();

export default countedWorker<SpecApiEnv>(worker, counters, (env) => ({
  TASK_STORAGE: countedKv(env.TASK_STORAGE, counters),
  TASK_QUEUE: countedQueue(env.TASK_QUEUE, counters),
}));
