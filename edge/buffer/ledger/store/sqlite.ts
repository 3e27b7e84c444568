import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Sql, SqlValue } from './sql.ts';

/** Opens a database with `node:sqlite`. `path` is a file or `:memory:`. */
export function openSqlite(path = ':memory:'): Sql & { close(): void } {
  const database = new DatabaseSync(path);
  const statements = new Map<string, StatementSync>();
  const prepare = (query: string) => {
    const statement = statements.get(query) ?? database.prepare(query);
    statements.set(query, statement);
    return statement;
  };
  return {
    exec<Row extends Record<string, SqlValue>>(query: string, ...params: SqlValue[]) {
      return prepare(query).all(...params) as Row[];
    },
    transaction(body) {
      database.exec('BEGIN IMMEDIATE');
      try {
        const result = body();
        database.exec('COMMIT');
        return result;
      } catch (error) {
        database.exec('ROLLBACK');
        throw error;
      }
    },
    close: () => database.close(),
  };
}
