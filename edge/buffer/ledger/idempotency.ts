import type { Reservation } from '../../contract/ledger.ts';
import type { Sql } from './sql.ts';

const KEY_LIFE_MS = 24 * 3600_000;

const SELECT_KEY =
  'SELECT body_hash, submission, accepted FROM idempotency_keys WHERE key = ?1 AND reserved_at > ?2';
const RESERVE = `
  INSERT INTO idempotency_keys (key, body_hash, submission, reserved_at) VALUES (?1, ?2, ?3, ?4)
  ON CONFLICT (key) DO UPDATE SET
    body_hash = excluded.body_hash, submission = excluded.submission, reserved_at = excluded.reserved_at, accepted = 0`;

/** Gives a key to a submission, or answers whose it is. Keys live 24 hours. */
export function reserve(
  sql: Sql,
  key: string,
  bodyHash: string,
  submission: string,
  now: number,
): Reservation {
  const known = sql.exec<{ body_hash: string; submission: string; accepted: number }>(
    SELECT_KEY,
    key,
    now - KEY_LIFE_MS,
  )[0];
  if (!known) {
    sql.exec(RESERVE, key, bodyHash, submission, now);
    return { submission, accepted: false, repeated: false };
  }
  if (known.body_hash !== bodyHash) return { conflict: true };
  return { submission: known.submission, accepted: known.accepted === 1, repeated: true };
}

const ACCEPT = 'UPDATE idempotency_keys SET accepted = 1 WHERE key = ?1 AND submission = ?2';

/** The submission of a key is accepted: a repeat has nothing left to do. */
export function markAccepted(sql: Sql, key: string, submission: string): void {
  sql.exec(ACCEPT, key, submission);
}
