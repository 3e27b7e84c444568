import { split } from '../../../contract/parts.ts';

export type SqlValue = string | number | null;

/** The part of a SQLite database that the ledger needs. Both calls are synchronous. */
export interface Sql {
  /** Runs one statement and returns its rows. */
  exec<Row extends Record<string, SqlValue>>(query: string, ...params: SqlValue[]): Row[];
  /** Runs `body` in a transaction: either all its writes happen or none. */
  transaction<Result>(body: () => Result): Result;
}

/** Durable Objects accept at most 2 MB per parameter. A UTF-16 unit takes up to three bytes of UTF-8. */
const MAX_CHUNK_LENGTH = 500_000;

/** Packs values into JSON arrays for `json_each(?)`. Each array is short enough for one parameter. */
export function* jsonChunks(values: readonly object[]): Generator<string> {
  const texts = values.map((value) => JSON.stringify(value));
  const parts = split(texts, ({ length }) => length, { size: MAX_CHUNK_LENGTH });
  for (const part of parts) yield `[${part.join(',')}]`;
}
