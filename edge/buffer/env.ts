import type { Context } from 'hono';
import type { Route } from '../http/openapi.ts';
import type { PagesEnv } from '../http/pages.ts';
import type { LedgerNamespace } from '../platform/ledger.ts';
import type { LedgerEnv } from './ledger-env.ts';

/** The bindings of the Consumer Worker; `wrangler.jsonc` declares them. */
export interface BufferEnv extends PagesEnv, LedgerEnv {
  LEDGER: LedgerNamespace;
  /** Only for reading large payloads. */
  TASK_STORAGE: KVNamespace;
}

export type BufferContext = Context<{ Bindings: BufferEnv }>;
export type BufferRoute = Route<BufferEnv>;
