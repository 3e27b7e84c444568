import type {
  FoundTask,
  ListFilter,
  TaskPage,
  TaskSummary,
  WorkRow,
} from '../../../contract/ledger/tasks.ts';
import { MAX_LIST_BYTES, MAX_LIST_SCAN, MAX_LISTED_TASKS } from '../../../contract/limits.ts';
import type { TaskState } from '../../../contract/task.ts';
import { windowOf } from '../../../contract/task-id.ts';
import { versionOf } from '../../../contract/version.ts';
import { roundsOf } from '../archive/seals.ts';
import { fitting, PAYLOAD_BYTES, parse, readSizes, readTask, readWork, type Sized } from '../store/rows.ts';
import type { Sql, SqlValue } from '../store/sql.ts';
import { CLAIMED, progressesOf, progressOf } from './leases.ts';
import { withoutPaused } from './paused.ts';
import { firstReady } from './queue-order.ts';
import { readyTypes } from './ready-queue.ts';

/** All data of a task, or the number of archive rounds of its closed window. */
export function find(sql: Sql, taskId: string): FoundTask {
  const task = readTask(sql, taskId);
  if (task) return { task: { ...task, progress: progressOf(sql, taskId) } };
  const rounds = roundsOf(sql, windowOf(taskId));
  return rounds === null ? { unknown: true } : { sealed: true, rounds };
}

const SELECT_STATES = `
  SELECT id, state, attempt, run_at AS runAt, lease_id AS leaseId
  FROM tasks WHERE id IN (SELECT value FROM json_each(?1))`;

interface State extends Record<string, SqlValue> {
  id: string;
  state: TaskState;
  attempt: number;
  runAt: number;
  leaseId: string | null;
}

/** The version of each task, see {@link versionOf}. Tasks that are not in the ledger are left out. */
export function versions(sql: Sql, taskIds: readonly string[]): Map<string, string> {
  const states = sql.exec<State>(SELECT_STATES, JSON.stringify(taskIds));
  const versions = new Map<string, string>();
  for (const [leaseId, ofLease] of Map.groupBy(states, holderOf)) {
    const ids = ofLease.map(({ id }) => id);
    const progress = leaseId === null ? null : progressesOf(sql, leaseId, ids);
    for (const task of ofLease) {
      versions.set(task.id, versionOf({ ...task, progress: progress?.get(task.id) ?? null }));
    }
  }
  return versions;
}

function holderOf({ state, leaseId }: State): string | null {
  return state === 'leased' ? leaseId : null;
}

/** Sorts after every id. */
const END = '~';

const SELECT_PAGE = `
  SELECT id, type, state, attempt, completed_at AS completedAt, tags
  FROM (
    SELECT id, type, state, attempt, completed_at, tags, schedule FROM tasks
    WHERE id < ?1 AND id >= ?2 ORDER BY id DESC LIMIT ${MAX_LIST_SCAN})
  WHERE (?3 IS NULL OR state IN (SELECT value FROM json_each(?3))) AND (?4 IS NULL OR type = ?4)
    AND (?5 IS NULL OR EXISTS (SELECT 1 FROM json_each(tags) WHERE value = ?5))
    AND (?7 IS NULL OR schedule ->> 'name' = ?7)
  ORDER BY id DESC LIMIT ?6`;

const SELECT_LAST_SCANNED = `
  SELECT id FROM tasks WHERE id < ?1 AND id >= ?2 ORDER BY id DESC LIMIT 1 OFFSET ${MAX_LIST_SCAN - 1}`;

/** Tasks, newest first. A filtered page scans a limited number of rows and may have fewer than `limit` tasks. */
export function page(sql: Sql, filter: ListFilter): TaskPage {
  const {
    cursor = END,
    before = END,
    from = '',
    states,
    type = null,
    tag = null,
    schedule = null,
    limit,
  } = filter;
  const end = cursor < before ? cursor : before;
  const stored = sql.exec<Omit<TaskSummary, 'tags'> & { tags: string | null }>(
    SELECT_PAGE,
    end,
    from,
    states ? JSON.stringify(states) : null,
    type,
    tag,
    limit,
    schedule,
  );
  const tasks = stored.map(({ tags, ...task }) => ({
    ...task,
    tags: tags === null ? null : parse<string[]>(tags),
  }));
  const last =
    tasks.length === limit ? tasks.at(-1) : sql.exec<{ id: string }>(SELECT_LAST_SCANNED, end, from)[0];
  return { tasks, nextCursor: last?.id ?? null };
}

/** The tasks that may run now, in the order of claims: 500 at most, of the first 500 types. */
export function ready(sql: Sql, wanted: number): WorkRow[] {
  const limit = Math.min(wanted, MAX_LISTED_TASKS);
  return readWork(sql, fitting(waiting(sql, withoutPaused(sql, readyTypes(sql)), limit), MAX_LIST_BYTES));
}

function waiting(sql: Sql, types: readonly string[], limit: number): Sized[] {
  const first = firstReady(sql, types, limit);
  return readSizes(
    sql,
    first.map(({ id }) => id),
  );
}

const SELECT_LEASED = `
  SELECT tasks.id, ${PAYLOAD_BYTES}
  FROM ${CLAIMED} CROSS JOIN tasks ON tasks.id = claimed.task_id
  WHERE tasks.lease_id = claimed.lease_id AND tasks.claimed_at IS NOT NULL
    AND tasks.state IN ('leased', 'scheduled')
  LIMIT ?1`;

const SELECT_SCHEDULED = `
  SELECT id, ${PAYLOAD_BYTES} FROM tasks WHERE state = 'scheduled' AND claimed_at IS NULL ORDER BY run_at, id LIMIT ?1`;

/**
 * The tasks that have not ended, 500 at most: running tasks, then ready tasks, then scheduled tasks. Reads the
 * first 5,000 tasks that runners claimed, and the first 500 types.
 */
export function listActive(sql: Sql, wanted: number): WorkRow[] {
  const limit = Math.min(wanted, MAX_LISTED_TASKS);
  const leased = sql.exec<Sized>(SELECT_LEASED, limit);
  const ready = waiting(sql, readyTypes(sql), limit);
  const scheduled = sql.exec<Sized>(SELECT_SCHEDULED, limit);
  return readWork(sql, fitting([...leased, ...ready, ...scheduled].slice(0, limit), MAX_LIST_BYTES));
}
