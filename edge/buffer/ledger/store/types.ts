import { MAX_LIVE_TYPES, MAX_STORED_TYPES } from '../../../contract/limits.ts';
import type { Sql } from './sql.ts';

const COUNT = 'SELECT count(*) AS types FROM (SELECT 1 FROM types LIMIT ?1)';

/** Whether the ledger has the maximum number of live types. */
export function typesFull(sql: Sql): boolean {
  return countTypes(sql, MAX_LIVE_TYPES) >= MAX_LIVE_TYPES;
}

/** How many types the ledger knows. The count stops at a limit. */
function countTypes(sql: Sql, limit: number): number {
  return sql.exec<{ types: number }>(COUNT, limit)[0]?.types ?? 0;
}

const SELECT_UNKNOWN = `
  SELECT value AS type FROM json_each(?1)
  WHERE NOT EXISTS (SELECT 1 FROM types WHERE types.type = json_each.value)`;

/** The given types that the ledger does not know, in their order. */
export function unknownTypes(sql: Sql, types: readonly string[]): string[] {
  return sql.exec<{ type: string }>(SELECT_UNKNOWN, JSON.stringify(types)).map(({ type }) => type);
}

/** The given types for which the ledger has no capacity: new types beyond MAX_STORED_TYPES. */
export function surplusTypes(sql: Sql, types: readonly string[]): Set<string> {
  const unknown = unknownTypes(sql, types);
  if (unknown.length === 0) return new Set();
  return new Set(unknown.slice(MAX_STORED_TYPES - countTypes(sql, MAX_STORED_TYPES)));
}
