import type { WorkerEnv } from '../http/app.ts';
import type { LedgerNamespace } from '../http/ledger.ts';

/** The bindings of the Consumer Worker; `wrangler.jsonc` declares them. */
export interface BufferEnv extends WorkerEnv {
  LEDGER: LedgerNamespace;
}
