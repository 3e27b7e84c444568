import type { Context } from 'hono';
import type { Route } from '../http/openapi.ts';
import type { PagesEnv } from '../http/pages.ts';
import type { LedgerNamespace } from '../platform/ledger.ts';

/** The bindings of the API Worker; `wrangler.jsonc` declares them. */
export interface ApiEnv extends PagesEnv {
  TASK_STORAGE: KVNamespace;
  TASK_QUEUE: Queue;
  LEDGER: LedgerNamespace;
  /** Hours that ended tasks stay in the ledger (default 24), also per type: `24, report=168`. */
  RETENTION_HOURS?: string;
  /** Days that archived tasks and their records are kept (default 30), also per type: `30, report=365`. */
  ARCHIVE_DAYS?: string;
  /** The age at which the sweep delivers a submission that the queue has not, in seconds (default 60). */
  SWEEP_AFTER_SECONDS?: string;
  /** If the ledger is larger than this many bytes, ended tasks are archived without delay (default 5 GB). */
  SEAL_EARLY_BYTES?: string;
}

export type ApiContext = Context<{ Bindings: ApiEnv }>;
export type ApiRoute = Route<ApiEnv>;
