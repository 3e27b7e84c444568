import type { Context } from 'hono';
import type { Capacity } from '../../contract/ledger/tasks.ts';
import { MAX_LIVE_TYPES } from '../../contract/limits.ts';
import { ApiError } from '../../http/errors.ts';
import { ledgerOf } from '../../platform/ledger.ts';
import type { ApiEnv } from '../env.ts';

type ApiContext = Context<{ Bindings: ApiEnv }>;

/** How long the ledger's answer is cached. */
const CACHE_MS = 10_000;

let cached: Capacity = { full: false, typesFull: false };
let askedAt = Number.NEGATIVE_INFINITY;

/** Why a submission is refused: the ledger has no room for tasks. */
export async function noRoom(c: ApiContext): Promise<ApiError | undefined> {
  return (await capacity(c)).full ? ledgerFull() : undefined;
}

/** Why a submission is refused: it has a new task type, and there are as many as there may be. */
export async function noRoomForTypes(c: ApiContext, types: readonly string[]): Promise<ApiError | undefined> {
  if (!(await capacity(c)).typesFull) return undefined;
  const [type] = await ledgerOf(c.env).unknownTypes([...new Set(types)]);
  if (type === undefined) return undefined;
  return new ApiError(
    'too_many_types',
    `The task type "${type}" is new, and the queue has the ${MAX_LIVE_TYPES} types that it can have: use one of them, with what varies in the payload or the tags, or wait until unused types are forgotten`,
    { type },
  );
}

export function ledgerFull(): ApiError {
  return new ApiError('full', 'The ledger is full: tasks are archived as they end; submit again later');
}

/** The ledger is asked now and then: beside the request, or before the request is refused. */
async function capacity(c: ApiContext): Promise<Capacity> {
  if (Date.now() - askedAt > CACHE_MS) {
    askedAt = Date.now();
    if (cached.full || cached.typesFull) await ask(c.env);
    else c.executionCtx.waitUntil(ask(c.env));
  }
  return cached;
}

async function ask(env: ApiEnv): Promise<void> {
  const { full, typesFull } = await ledgerOf(env).capacity();
  cached = { full, typesFull };
}
