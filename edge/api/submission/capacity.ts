import type { Context } from 'hono';
import type { Capacity } from '../../contract/ledger/tasks.ts';
import { MAX_LIVE_TYPES } from '../../contract/limits.ts';
import { ApiError } from '../../http/errors.ts';
import { ledgerOf } from '../../platform/ledger.ts';
import type { ApiEnv } from '../env.ts';

type ApiContext = Context<{ Bindings: ApiEnv }>;

/** How long the ledger's capacity is cached. */
const CACHE_MS = 10_000;

let cached: Capacity = { full: false, typesFull: false };
let askedAt = Number.NEGATIVE_INFINITY;

/** The error for a submission if the ledger has no capacity for tasks. */
export async function noCapacity(c: ApiContext): Promise<ApiError | undefined> {
  return (await capacity(c)).full ? ledgerFull() : undefined;
}

/** The error for a submission with a new task type if the queue has the maximum number of types. */
export async function noCapacityForTypes(
  c: ApiContext,
  types: readonly string[],
): Promise<ApiError | undefined> {
  if (!(await capacity(c)).typesFull) return undefined;
  const [type] = await ledgerOf(c.env).unknownTypes([...new Set(types)]);
  if (type === undefined) return undefined;
  return new ApiError(
    'too_many_types',
    `The task type "${type}" is new, and the queue has reached its limit of ${MAX_LIVE_TYPES} types: use one of them and put the differences in the payload or the tags, or wait until unused types are deleted`,
    { type },
  );
}

export function ledgerFull(): ApiError {
  return new ApiError('full', 'The ledger is full until ended tasks are archived; submit again later');
}

/** The cached capacity. It is updated in the background, or before the response if a submission may be refused. */
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
