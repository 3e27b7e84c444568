import { KEY_LIFE_MS } from '../tasks/idempotency.ts';
import type { Sql } from './sql.ts';

/** How many rows of a table one portion scans. */
const PORTION = 1000;

/** A table whose rows are kept for some time after they have ended. */
interface Aging {
  readonly table: string;
  readonly key: string;
  /** When a row ended, as SQL; null if it has not ended. */
  readonly endedAt: string;
  readonly lifeMs: number;
}

/** An ended lease is kept for an hour, so that a repeated claim finds that its lease has ended. */
const LEASES: Aging = { table: 'leases', key: 'id', endedAt: 'ended_at', lifeMs: 3_600_000 };
const KEYS: Aging = { table: 'idempotency_keys', key: 'key', endedAt: 'reserved_at', lifeMs: KEY_LIFE_MS };

/** A type's counts are kept for a day after its last task is gone. */
const TYPES: Aging = {
  table: 'types',
  key: 'type',
  endedAt: 'iif(scheduled + ready + leased + completed + failed + cancelled = 0, moved_at, NULL)',
  lifeMs: 24 * 3_600_000,
};

/** Scans tables and deletes the rows whose lifetime is over, one portion per call. */
export class Forgetting {
  /** The tables that the current pass has not finished, each with the key after which it continues. */
  #left: { aging: Aging; after: string }[] = [];

  /** Starts a pass, unless one is running. */
  start(): void {
    if (this.#left.length === 0) this.#left = [LEASES, KEYS, TYPES].map((aging) => ({ aging, after: '' }));
  }

  /** Handles one portion of each table that is not finished. */
  next(sql: Sql, now: number): void {
    this.#left = this.#left.flatMap(({ aging, after }) => {
      const last = forgetPortion(sql, aging, after, now);
      return last === null ? [] : [{ aging, after: last }];
    });
  }
}

/** @returns the last key of the portion; null at the end of the table. */
function forgetPortion(
  sql: Sql,
  { table, key, endedAt, lifeMs }: Aging,
  after: string,
  now: number,
): string | null {
  const portion = `SELECT ${key} AS key FROM ${table} WHERE ${key} > ?1 ORDER BY ${key}`;
  const last = sql.exec<{ key: string }>(`${portion} LIMIT 1 OFFSET ${PORTION - 1}`, after)[0]?.key ?? null;
  const upTo = last === null ? '' : `AND ${key} <= ?3`;
  const statement = `DELETE FROM ${table} WHERE ${endedAt} <= ?1 AND ${key} > ?2 ${upTo}`;
  const bounds = last === null ? [after] : [after, last];
  sql.exec(statement, now - lifeMs, ...bounds);
  return last;
}
