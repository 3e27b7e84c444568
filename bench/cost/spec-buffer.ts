/** The Consumer Worker of the specification's design, counted. */
import worker, { type SpecBufferEnv } from '../spec/buffer.ts';
import type { QueuedTask } from '../spec/task.ts';
import { countedKv } from './bindings.ts';
import { countedWorker } from './counted-worker.ts';
import { Tally } from './tally.ts';

const tally = new Tally();

export default countedWorker<SpecBufferEnv, QueuedTask>(worker, tally, (env) => ({
  TASK_BUFFER: countedKv(env.TASK_BUFFER, tally),
  TASK_STORAGE: countedKv(env.TASK_STORAGE, tally),
}));
