import type { Context } from 'hono';
import { sha256 } from 'hono/utils/crypto';
import { IdempotencyKey } from '../contract/api.ts';
import { ApiError, invalidRequest } from '../http/errors.ts';
import { ledgerOf } from '../http/ledger.ts';
import type { ApiEnv } from './env.ts';

/** The submission that a request is to complete. */
export interface KeyClaim {
  submission: string;
  /** The key came before with the same request. */
  repeated: boolean;
  /** It is accepted already: nothing is left to do. */
  accepted: boolean;
  markAccepted(): Promise<void>;
}

/**
 * Gives the request's `Idempotency-Key` to a new submission, or finds the one that has it. Without a key
 * every request is its own.
 *
 * @throws {ApiError} 409 where the key came with another request.
 */
export async function claimKey(c: Context<{ Bindings: ApiEnv }>, fresh: string): Promise<KeyClaim> {
  const header = c.req.header('Idempotency-Key');
  if (header === undefined) {
    return { submission: fresh, repeated: false, accepted: false, markAccepted: async () => {} };
  }
  const parsed = IdempotencyKey.safeParse(header);
  if (!parsed.success) {
    const message = parsed.error.issues[0]?.message ?? 'Invalid Idempotency-Key';
    throw invalidRequest({ path: ['Idempotency-Key'], message });
  }
  const key = parsed.data;
  const ledger = ledgerOf(c.env);
  const bodyHash = await sha256(`${c.req.path}\n${await c.req.text()}`);
  const reservation = await ledger.reserve(key, String(bodyHash), fresh);
  if ('conflict' in reservation) {
    throw new ApiError('idempotency_key_reused', 'This Idempotency-Key came before with another request');
  }
  return { ...reservation, markAccepted: () => ledger.markAccepted(key, reservation.submission) };
}
