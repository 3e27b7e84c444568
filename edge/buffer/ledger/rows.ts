import type { EndedAttempt, TaskRow } from '../../contract/ledger.ts';
import { DEFAULT_MAX_ATTEMPTS, MAX_ANSWER_BYTES } from '../../contract/limits.ts';
import type { TaskError, TaskState } from '../../contract/task.ts';
import type { Sql, SqlValue } from './sql.ts';

/** A row of `tasks` with every column of {@link TASK_COLUMNS}. */
export interface StoredTask extends Record<string, SqlValue> {
  id: string;
  type: string;
  state: TaskState;
  priority: number;
  run_at: number;
  received_at: number;
  attempt: number;
  max_attempts: number | null;
  timeout_seconds: number | null;
  tags: string | null;
  claimed_at: number | null;
  completed_at: number | null;
  attempts: string;
  error: string | null;
  result: string | null;
  payload: string;
}

export const TASK_COLUMNS = `id, type, state, priority, run_at, received_at, attempt, max_attempts, timeout_seconds,
  tags, claimed_at, completed_at, attempts, error, result, payload`;

export function toTaskRow(stored: StoredTask): TaskRow {
  return {
    id: stored.id,
    type: stored.type,
    state: stored.state,
    payload: stored.payload,
    priority: stored.priority,
    runAt: stored.run_at,
    receivedAt: stored.received_at,
    attempt: stored.attempt,
    maxAttempts: stored.max_attempts ?? DEFAULT_MAX_ATTEMPTS,
    timeoutSeconds: stored.timeout_seconds,
    tags: stored.tags === null ? null : parse<string[]>(stored.tags),
    claimedAt: stored.claimed_at,
    completedAt: stored.completed_at,
    error: stored.error === null ? null : parse<TaskError>(stored.error),
    result: stored.result,
    progress: null,
    attempts: parse<EndedAttempt[]>(stored.attempts),
  };
}

/** Reads back JSON that the ledger itself wrote. */
export function parse<Value>(json: string): Value {
  return JSON.parse(json);
}

const SELECT_ROWS = `SELECT ${TASK_COLUMNS} FROM tasks WHERE id IN (SELECT value FROM json_each(?))`;

/** The rows of the ids that exist, in the order of the ids. */
export function readRows(sql: Sql, ids: readonly string[]): TaskRow[] {
  return inOrder(sql.exec<StoredTask>(SELECT_ROWS, JSON.stringify(ids)), ids).map(toTaskRow);
}

/** Puts rows that SQLite returned in any order into the order of `ids`. */
export function inOrder<Row extends { id: string }>(rows: readonly Row[], ids: readonly string[]): Row[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}

const SELECT_SIZES = `
  SELECT id, octet_length(payload) AS bytes FROM tasks WHERE id IN (SELECT value FROM json_each(?))`;

/** The first of the ids whose payloads together stay within one answer; always at least one. */
export function fitting(sql: Sql, ids: readonly string[]): string[] {
  const sizes = sql.exec<{ id: string; bytes: number }>(SELECT_SIZES, JSON.stringify(ids));
  let total = 0;
  const fits: string[] = [];
  for (const { id, bytes } of inOrder(sizes, ids)) {
    total += bytes;
    if (fits.length > 0 && total > MAX_ANSWER_BYTES) break;
    fits.push(id);
  }
  return fits;
}
