import type { FailedStep, Failure } from '../../../contract/ledger/archive.ts';
import type { Sql } from '../store/sql.ts';

/** Maximum number of stored failures of a step. */
const MAX_FAILURES = 1000;
const FIRST_RETRY_MS = 60_000;
const MAX_RETRY_MS = 3_600_000;

const SELECT_FAILURE = 'SELECT failures FROM failures WHERE step = ?1 AND name = ?2';
const COUNT_FAILURES = 'SELECT count(*) AS failures FROM failures WHERE step = ?1';
const WRITE_FAILURE = `
  INSERT INTO failures (step, name, failures, since, retry_at) VALUES (?1, ?2, ?3, ?4, ?5)
  ON CONFLICT (step, name) DO UPDATE SET failures = excluded.failures, retry_at = excluded.retry_at`;

/** @returns false if there is no capacity to store the failure. */
export function noteFailure(sql: Sql, step: FailedStep, name: string, now: number): boolean {
  const known = sql.exec<{ failures: number }>(SELECT_FAILURE, step, name)[0]?.failures ?? 0;
  const total = sql.exec<{ failures: number }>(COUNT_FAILURES, step)[0]?.failures ?? 0;
  if (known === 0 && total >= MAX_FAILURES) return false;
  const waitMs = Math.min(FIRST_RETRY_MS * 2 ** known, MAX_RETRY_MS);
  sql.exec(WRITE_FAILURE, step, name, known + 1, now, now + waitMs);
  return true;
}

const CLEAR_FAILURE = 'DELETE FROM failures WHERE step = ?1 AND name = ?2';

export function clearFailure(sql: Sql, step: FailedStep, name: string): void {
  sql.exec(CLEAR_FAILURE, step, name);
}

const SELECT_FAILURES =
  'SELECT step, name, failures, since, retry_at AS retryAt FROM failures ORDER BY since';

/** The failing steps. The one that has been failing for longest comes first. */
export function failures(sql: Sql): Failure[] {
  return sql.exec<{ [Key in keyof Failure]: Failure[Key] }>(SELECT_FAILURES);
}
