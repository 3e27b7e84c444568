import type { Context } from 'hono';
import { sha256 } from 'hono/utils/crypto';
import { IdempotencyKey } from '../../contract/api.ts';
import { tokenName } from '../../http/auth.ts';
import { bodyOf } from '../../http/body.ts';
import { ApiError, invalidRequest } from '../../http/errors.ts';
import { ledgerOf } from '../../platform/ledger.ts';
import type { ApiEnv } from '../env.ts';
import { ledgerFull } from './capacity.ts';

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
 * Looks up the submission that the request's `Idempotency-Key` stands for; an unused key is given to `fresh`.
 * Returns undefined for a request without a key. A key belongs to the token that it came with: tokens do not see each other's keys.
 *
 * @param refusal why nothing new is accepted; then only a submission that was accepted already has a key.
 * @throws {ApiError} 409 if the key came with another request, 503 if the ledger has no room, and `refusal`.
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
  // A header has no spaces, so no header equals a key.
  const key = `of token ${await sha256(`${token}\n${parsed.data}`)}`;
  const bodyHash = await sha256(`${c.req.path}\n${bodyOf(c)}`);
  const reservation = await ledger.reserve(key, String(bodyHash), fresh, parsed.data, refusal !== undefined);
  if ('full' in reservation) throw refusal ?? ledgerFull();
  if ('conflict' in reservation) {
    throw new ApiError('idempotency_key_reused', 'This Idempotency-Key came before with another request');
  }
  return { ...reservation, markAccepted: () => ledger.markAccepted(key, reservation.submission) };
}
