import type { PagesEnv } from '../http/pages.ts';
import type { LedgerNamespace } from '../platform/ledger.ts';

/** The bindings of the Consumer Worker; `wrangler.jsonc` declares them. */
export interface BufferEnv extends PagesEnv {
  LEDGER: LedgerNamespace;
  /** Read only: large payloads. */
  TASK_STORAGE: KVNamespace;
  /** From this size of the ledger on, nothing is taken in (default 8 GB). */
  FULL_BYTES?: string;
}
