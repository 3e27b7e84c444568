import type { Context } from 'hono';
import { ApiError } from '../http/errors.ts';
import { ledgerOf } from '../http/ledger.ts';
import type { ApiEnv } from './env.ts';

/** How long an answer of the ledger about its room is believed. */
const BELIEVED_MS = 10_000;

let full = false;
let askedAt = Number.NEGATIVE_INFINITY;

/**
 * Refuses submissions while the ledger has no room. The ledger is asked now and then,
 * beside the request, or before it is refused.
 *
 * @throws {ApiError} 503.
 */
export async function expectRoom(c: Context<{ Bindings: ApiEnv }>): Promise<void> {
  if (Date.now() - askedAt > BELIEVED_MS) {
    askedAt = Date.now();
    if (full) await ask(c.env);
    else c.executionCtx.waitUntil(ask(c.env));
  }
  if (full)
    throw new ApiError('full', 'The ledger is full: tasks are archived as they end; submit again later');
}

async function ask(env: ApiEnv): Promise<void> {
  full = await ledgerOf(env).full();
}
