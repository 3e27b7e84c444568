import type { Sql, SqlValue } from './sql.ts';

/** The database of a Durable Object. */
export function durableSql(storage: DurableObjectStorage): Sql {
  return {
    exec: <Row extends Record<string, SqlValue>>(query: string, ...params: SqlValue[]) =>
      storage.sql.exec<Row>(query, ...params).toArray(),
    transaction: (body) => storage.transactionSync(body),
  };
}
