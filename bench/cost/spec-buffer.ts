/** The Consumer Worker of the specification's design, counted. */
import worker, { type SpecBufferEnv } from '../spec/buffer.ts';
import type { QueuedTask } from '../spec/task.ts';
import { countedKv } from './bindings.ts';
import { countedWorker } from './counted-worker.ts';
import { Counters } from './counters.ts';

const counters = new Counters();

export default countedWorker<SpecBufferEnv, QueuedTask>(worker, counters, (env) => ({
  TASK_BUFFER: countedKv(env.TASK_BUFFER, counters),
  TASK_STORAGE: countedKv(env.TASK_STORAGE, counters),
}));
