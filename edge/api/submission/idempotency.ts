import type { Context } from 'hono';
import { sha256 } from 'hono/utils/crypto';
import { IdempotencyKey } from '../../contract/api.ts';
import { tokenName } from '../../http/auth.ts';
import { bodyOf } from '../../http/body.ts';
import { ApiError, invalidRequest } from '../../http/errors.ts';
import { ledgerOf } from '../../platform/ledger.ts';
import type { ApiEnv } from '../env.ts';
import { ledgerFull } from './capacity.ts';

/** The submission that belongs to an idempotency key. */
export interface KeyClaim {
  submission: string;
  /** The key was used before, with the same request. */
  repeated: boolean;
  /** The submission is already accepted, so nothing is left to do. */
  accepted: boolean;
  markAccepted(): Promise<void>;
}

/**
 * Looks up the submission that belongs to the request's `Idempotency-Key`. An unused key is reserved for `fresh`.
 * Returns undefined for a request without a key. Each token has separate keys.
 *
 * @param refusal why new submissions are refused. Then only keys of accepted submissions are found.
 * @throws {ApiError} 409 if the key was used with another request; `refusal`, or 503 if the ledger is full.
 */
export async function claimKey(
  c: Context<{ Bindings: ApiEnv }>,
  fresh: string,
  refusal: ApiError | undefined,
): Promise<KeyClaim | undefined> {
  const header = c.req.header('Idempotency-Key');
  if (header === undefined) return undefined;
  const parsed = IdempotencyKey.safeParse(header);
  if (!parsed.success) {
    const message = parsed.error.issues[0]?.message ?? 'Invalid Idempotency-Key';
    throw invalidRequest({ path: ['Idempotency-Key'], message });
  }
  const ledger = ledgerOf(c.env);
  const token = await tokenName(c);
  // Version 0.1.0 stored the header as the key. A header has no spaces, so no such key equals a current one.
  const key = `of token ${await sha256(`${token}\n${parsed.data}`)}`;
  const bodyHash = await sha256(`${c.req.path}\n${bodyOf(c)}`);
  const reservation = await ledger.reserve(key, String(bodyHash), fresh, parsed.data, refusal !== undefined);
  if ('full' in reservation) throw refusal ?? ledgerFull();
  if ('conflict' in reservation) {
    throw new ApiError('idempotency_key_reused', 'This Idempotency-Key was used before with another request');
  }
  return { ...reservation, markAccepted: () => ledger.markAccepted(key, reservation.submission) };
}
