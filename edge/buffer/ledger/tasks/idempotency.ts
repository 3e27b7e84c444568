import type { Reservation } from '../../../contract/ledger/tasks.ts';
import type { Sql } from '../store/sql.ts';

/** How long a key is valid. */
export const KEY_LIFE_MS = 24 * 3600_000;

const SELECT_KEY =
  'SELECT body_hash, submission, accepted FROM idempotency_keys WHERE key = ?1 AND reserved_at > ?2';
const RESERVE = `
  INSERT INTO idempotency_keys (key, body_hash, submission, reserved_at) VALUES (?1, ?2, ?3, ?4)
  ON CONFLICT (key) DO UPDATE SET
    body_hash = excluded.body_hash, submission = excluded.submission, reserved_at = excluded.reserved_at, accepted = 0`;

const ADOPT = 'UPDATE OR IGNORE idempotency_keys SET key = ?1 WHERE key = ?2';

/**
 * Version 0.1.0 stored the header as the key. Such a key becomes the key of the first token that repeats its
 * request. No header can be equal to a key of the current form.
 */
export function adoptKey(sql: Sql, key: string, header: string): void {
  sql.exec(ADOPT, key, header);
}

/**
 * Reserves a key for a submission, or returns the submission that the key belongs to. Keys are valid for 24 hours.
 *
 * @param full the ledger has no capacity, so only keys of accepted submissions are found.
 */
export function reserve(
  sql: Sql,
  key: string,
  bodyHash: string,
  submission: string,
  full: boolean,
  now: number,
): Reservation {
  const known = sql.exec<{ body_hash: string; submission: string; accepted: number }>(
    SELECT_KEY,
    key,
    now - KEY_LIFE_MS,
  )[0];
  if (known && known.body_hash !== bodyHash) return { conflict: true };
  const accepted = known?.accepted === 1;
  if (full && !accepted) return { full: true };
  if (known) return { submission: known.submission, accepted, repeated: true };
  sql.exec(RESERVE, key, bodyHash, submission, now);
  return { submission, accepted, repeated: false };
}

const ACCEPT = 'UPDATE idempotency_keys SET accepted = 1 WHERE key = ?1 AND submission = ?2';

/** Marks the submission of a key as accepted, so that a repeat has nothing left to do. */
export function markAccepted(sql: Sql, key: string, submission: string): void {
  sql.exec(ACCEPT, key, submission);
}
