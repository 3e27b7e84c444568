import type { WorkerEnv } from '../http/app.ts';
import type { LedgerNamespace } from '../http/ledger.ts';

/** The bindings of the API Worker; `wrangler.jsonc` declares them. */
export interface ApiEnv extends WorkerEnv {
  TASK_STORAGE: KVNamespace;
  TASK_QUEUE: Queue;
  LEDGER: LedgerNamespace;
}
