/** The Consumer Worker and its ledger, counted. */
import type { BufferEnv } from '../../edge/buffer/env.ts';
import { TaskLedger as Ledger } from '../../edge/buffer/task-ledger.ts';
import worker from '../../edge/buffer/worker.ts';
import { countedKv, countedNamespace } from './bindings.ts';
import { countedWorker } from './counted-worker.ts';
import { Counters } from './counters.ts';
import { countRows } from './storage.ts';

const counters = new Counters();

/** Counts the alarms of the ledger. Its callers count their calls. */
export class TaskLedger extends Ledger {
  constructor(ctx: DurableObjectState, env: BufferEnv) {
    countRows(ctx.storage, counters);
    super(ctx, env);
  }

  override async alarm() {
    counters.add('objectRequests');
    await super.alarm();
  }
}

export default countedWorker<BufferEnv>(worker, counters, (env) => ({
  ...env,
  TASK_STORAGE: countedKv(env.TASK_STORAGE, counters),
  LEDGER: countedNamespace(env.LEDGER, counters),
}));
