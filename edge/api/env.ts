import type { Context } from 'hono';
import type { Route } from '../http/openapi.ts';
import type { PagesEnv } from '../http/pages.ts';
import type { LedgerNamespace } from '../platform/ledger.ts';

/** The bindings of the API Worker; `wrangler.jsonc` declares them. */
export interface ApiEnv extends PagesEnv {
  TASK_STORAGE: KVNamespace;
  TASK_QUEUE: Queue;
  LEDGER: LedgerNamespace;
  /** How long ended tasks stay in the ledger (default 24), with exceptions for task types: `24, report=168`. */
  RETENTION_HOURS?: string;
  /** How many days archived tasks and their records are kept (default 30), per type too: `30, report=365`. */
  ARCHIVE_DAYS?: string;
  /** How old a submission is when the sweep delivers what the queue has not (default 60). */
  SWEEP_AFTER_SECONDS?: string;
  /** From this size of the ledger on, ended tasks are archived without delay (default 5 GB). */
  SEAL_EARLY_BYTES?: string;
}

export type ApiContext = Context<{ Bindings: ApiEnv }>;
export type ApiRoute = Route<ApiEnv>;
