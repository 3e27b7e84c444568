import { MAX_LIVE_TYPES, MAX_STORED_TYPES } from '../../../contract/limits.ts';
import type { Sql } from './sql.ts';

const COUNT = 'SELECT count(*) AS types FROM (SELECT 1 FROM types LIMIT ?1)';

/** Whether the ledger has as many types as it may have live. */
export function typesFull(sql: Sql): boolean {
  return countTypes(sql, MAX_LIVE_TYPES) >= MAX_LIVE_TYPES;
}

/** How many types the ledger knows, counted up to a limit. */
function countTypes(sql: Sql, limit: number): number {
  return sql.exec<{ types: number }>(COUNT, limit)[0]?.types ?? 0;
}

const SELECT_UNKNOWN = `
  SELECT value AS type FROM json_each(?1)
  WHERE NOT EXISTS (SELECT 1 FROM types WHERE types.type = json_each.value)`;

/** Those of the types that the ledger does not know, in their order. */
export function unknownTypes(sql: Sql, types: readonly string[]): string[] {
  return sql.exec<{ type: string }>(SELECT_UNKNOWN, JSON.stringify(types)).map(({ type }) => type);
}

/** Those of the types for which the ledger has no room: new ones beyond MAX_STORED_TYPES. */
export function surplusTypes(sql: Sql, types: readonly string[]): Set<string> {
  const unknown = unknownTypes(sql, types);
  if (unknown.length === 0) return new Set();
  return new Set(unknown.slice(MAX_STORED_TYPES - countTypes(sql, MAX_STORED_TYPES)));
}
