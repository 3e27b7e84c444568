import type { TaskState } from '../../../../../contract/task.ts';
import type { Sql, SqlValue } from '../../../store/sql.ts';

/** A change of one row of `tasks`, and the row after it. */
export interface Change extends Record<string, SqlValue> {
  kind: 'inserted' | 'changed' | 'deleted';
  id: string;
  type: string;
  priority: number;
  run_at: number;
  state: TaskState;
  lease_id: string | null;
  claimed_at: number | null;
  started_at: number | null;
  attempt: number;
  error: string | null;
  schedule: string | null;
}

const COLUMNS =
  'id, type, priority, run_at, state, lease_id, claimed_at, started_at, attempt, error, schedule';

const TABLE = `CREATE TEMP TABLE changes (number INTEGER PRIMARY KEY, kind, ${COLUMNS})`;

const trigger = (event: string, kind: Change['kind'], row: 'new' | 'old') => `
  CREATE TEMP TRIGGER log_${kind} AFTER ${event} ON main.tasks BEGIN
    INSERT INTO changes (kind, ${COLUMNS}) VALUES ('${kind}', ${COLUMNS.replaceAll(/\w+/g, `${row}.$&`)});
  END`;

/** Logs every change of every task in order, also several changes in one transaction. */
export function logChanges(sql: Sql): void {
  const triggers = [
    trigger('INSERT', 'inserted', 'new'),
    trigger('UPDATE', 'changed', 'new'),
    trigger('DELETE', 'deleted', 'old'),
  ];
  for (const statement of [TABLE, ...triggers]) sql.exec(statement);
}

/** The changes since the last call. */
export function changesOf(sql: Sql): Change[] {
  const changes = sql.exec<Change>(`SELECT kind, ${COLUMNS} FROM changes ORDER BY number`);
  if (changes.length > 0) sql.exec('DELETE FROM changes');
  return changes;
}
