import type { TaskSchedule } from '../../../contract/ledger/schedules.ts';
import type { EndedAttempt, TaskRow, WorkRow } from '../../../contract/ledger/tasks.ts';
import { DEFAULT_MAX_ATTEMPTS, MAX_ANSWER_BYTES } from '../../../contract/limits.ts';
import { firstPart } from '../../../contract/parts.ts';
import type { TaskError, TaskState } from '../../../contract/task.ts';
import { PAYLOAD, PAYLOAD_TEXT } from './packs.ts';
import type { Sql, SqlValue } from './sql.ts';

/** A row of `tasks` with {@link WORK_COLUMNS}. */
export interface StoredWork extends Record<string, SqlValue> {
  id: string;
  type: string;
  state: TaskState;
  received_at: number;
  claimed_at: number | null;
  attempt: number;
  max_attempts: number;
  timeout_seconds: number | null;
  priority: number;
  started_at: number | null;
  schedule: string | null;
  payload: string | null;
}

/** The maximum number of attempts: from the submission, or else the type's latest report, or else the default. */
const EFFECTIVE_MAX_ATTEMPTS = `coalesce(max_attempts, type_retry ->> 'maxAttempts', ${DEFAULT_MAX_ATTEMPTS})`;

const SMALL_WORK_COLUMNS = `id, type, state, received_at, claimed_at, attempt,
  ${EFFECTIVE_MAX_ATTEMPTS} AS max_attempts, timeout_seconds, priority, started_at, schedule`;

/** Only the payload can be large, so the size of an answer depends on its payloads. */
export const WORK_COLUMNS = `${SMALL_WORK_COLUMNS}, ${PAYLOAD}`;

export function toWorkRow(stored: StoredWork): WorkRow {
  return {
    id: stored.id,
    type: stored.type,
    state: stored.state,
    payload: stored.payload,
    receivedAt: stored.received_at,
    claimedAt: stored.claimed_at,
    attempt: stored.attempt,
    maxAttempts: stored.max_attempts,
    timeoutSeconds: stored.timeout_seconds,
    priority: stored.priority,
    ...(stored.schedule !== null && { schedule: parse<TaskSchedule>(stored.schedule) }),
  };
}

/** A leased task as its runner sees it: `attempt` is the attempt that begins when the task starts. */
export function toGrantedRow(stored: StoredWork): WorkRow {
  const work = toWorkRow(stored);
  return stored.started_at === null ? { ...work, attempt: work.attempt + 1 } : work;
}

const SELECT_WORK = `SELECT ${WORK_COLUMNS} FROM tasks WHERE id IN (SELECT value FROM json_each(?1))`;

/** The rows of the ids that exist, in the order of the ids. */
export function readWork(
  sql: Sql,
  ids: readonly string[],
  toRow: (stored: StoredWork) => WorkRow = toWorkRow,
): WorkRow[] {
  return inOrder(sql.exec<StoredWork>(SELECT_WORK, JSON.stringify(ids)), ids).map(toRow);
}

interface StoredTask extends StoredWork {
  run_at: number;
  tags: string | null;
  completed_at: number | null;
  attempts: string;
  error: string | null;
  result: string | null;
}

const FURTHER_COLUMNS = 'run_at, tags, completed_at, attempts, error, result';

const SELECT_TASK = `SELECT ${WORK_COLUMNS}, ${FURTHER_COLUMNS} FROM tasks WHERE id = ?1`;

/** A task without its progress. */
export function readTask(sql: Sql, id: string): TaskRow | null {
  const stored = sql.exec<StoredTask>(SELECT_TASK, id)[0];
  return stored ? toTaskRow(stored) : null;
}

/**
 * Whether the archive must keep a task's payload: an invalid task (`max_attempts` is 0) and a task of a schedule
 * have no record.
 */
export const HAS_NO_RECORD = '(max_attempts = 0 OR schedule IS NOT NULL)';

const SELECT_FOR_ARCHIVE = `
  SELECT ${SMALL_WORK_COLUMNS}, iif(${HAS_NO_RECORD}, ${PAYLOAD_TEXT}, NULL) AS payload, ${FURTHER_COLUMNS}
  FROM tasks WHERE id IN (SELECT value FROM json_each(?1))`;

/** Tasks in the form of the archive. Their payloads stay in their submissions' records. */
export function readForArchive(sql: Sql, ids: readonly string[]): TaskRow[] {
  return inOrder(sql.exec<StoredTask>(SELECT_FOR_ARCHIVE, JSON.stringify(ids)), ids).map(toTaskRow);
}

function toTaskRow(stored: StoredTask): TaskRow {
  return {
    ...toWorkRow(stored),
    runAt: stored.run_at,
    tags: stored.tags === null ? null : parse<string[]>(stored.tags),
    completedAt: stored.completed_at,
    error: stored.error === null ? null : parse<TaskError>(stored.error),
    result: stored.result,
    progress: null,
    attempts: parse<EndedAttempt[]>(stored.attempts),
  };
}

/** Parses JSON that the ledger itself wrote. */
export function parse<Value>(json: string): Value {
  return JSON.parse(json);
}

/** Puts rows that SQLite returned in any order into the order of `ids`. */
export function inOrder<Row extends { id: string }>(rows: readonly Row[], ids: readonly string[]): Row[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}

/** The size of a task's payload in bytes, regardless of where it is stored. */
export const PAYLOAD_BYTES = 'coalesce(tasks.body_bytes, octet_length(tasks.payload)) AS bytes';

/** A task's id and the size of its payload. */
export interface Sized extends Record<string, SqlValue> {
  id: string;
  bytes: number;
}

const SELECT_SIZES = `SELECT id, ${PAYLOAD_BYTES} FROM tasks WHERE id IN (SELECT value FROM json_each(?1))`;

/** The sizes of the tasks, in the order of the ids. */
export function readSizes(sql: Sql, ids: readonly string[]): Sized[] {
  return ids.length === 0 ? [] : inOrder(sql.exec<Sized>(SELECT_SIZES, JSON.stringify(ids)), ids);
}

/** The ids of the first tasks whose payloads together stay within `maxBytes`; at least one. */
export function fitting(tasks: readonly Sized[], maxBytes = MAX_ANSWER_BYTES): string[] {
  return firstPart(tasks, maxBytes).map(({ id }) => id);
}
