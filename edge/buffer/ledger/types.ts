import { MAX_LIVE_TYPES } from '../../contract/limits.ts';
import type { Sql } from './sql.ts';

const COUNT = `SELECT count(*) AS types FROM (SELECT 1 FROM types LIMIT ${MAX_LIVE_TYPES})`;

/** How many types the ledger knows, counted up to MAX_LIVE_TYPES. */
export function countTypes(sql: Sql): number {
  return sql.exec<{ types: number }>(COUNT)[0]?.types ?? 0;
}

const SELECT_UNKNOWN = `
  SELECT value AS type FROM json_each(?1)
  WHERE NOT EXISTS (SELECT 1 FROM types WHERE types.type = json_each.value)`;

/** Those of the types that the ledger does not know, in their order. */
export function unknownTypes(sql: Sql, types: readonly string[]): string[] {
  return sql.exec<{ type: string }>(SELECT_UNKNOWN, JSON.stringify(types)).map(({ type }) => type);
}
