import type { WorkerEnv } from '../http/app.ts';
import type { LedgerNamespace } from '../http/ledger.ts';

/** The bindings of the API Worker; `wrangler.jsonc` declares them. */
export interface ApiEnv extends WorkerEnv {
  /** The dashboard, as `npm run build:dashboard` has built it. */
  ASSETS: Fetcher;
  TASK_STORAGE: KVNamespace;
  TASK_QUEUE: Queue;
  LEDGER: LedgerNamespace;
  /** How long ended tasks stay in the ledger (default 24). */
  RETENTION_HOURS?: string;
  /** How old a submission is when the sweep delivers what the queue has not (default 60). */
  SWEEP_AFTER_SECONDS?: string;
  /** From this size of the ledger on, ended tasks are archived without delay (default 5 GB). */
  SEAL_EARLY_BYTES?: string;
}
