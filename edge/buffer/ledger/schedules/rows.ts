import type { ScheduleRow } from '../../../contract/ledger/schedules.ts';
import type { ScheduleSettings } from '../../../contract/schedule.ts';
import type { TaskState } from '../../../contract/task.ts';
import { parse } from '../store/rows.ts';
import type { Sql, SqlValue } from '../store/sql.ts';

/** A row of `schedules`. */
export interface StoredSchedule extends Record<string, SqlValue> {
  name: string;
  settings: string;
  created_at: number;
  anchor_at: number;
  next_at: number | null;
  paused_at: number | null;
  last_at: number | null;
  last_run_at: number | null;
  last_task_id: string | null;
  last_skipped_at: number | null;
  queue: string | null;
  caught_up: number;
  fault: string | null;
}

export const SCHEDULE_COLUMNS = `name, settings, created_at, anchor_at, next_at, paused_at, last_at, last_run_at,
  last_task_id, last_skipped_at, queue, caught_up, fault`;

const SELECT_ONE = `SELECT ${SCHEDULE_COLUMNS} FROM schedules WHERE name = ?1`;

export function readStored(sql: Sql, name: string): StoredSchedule | undefined {
  return sql.exec<StoredSchedule>(SELECT_ONE, name)[0];
}

/** The planned times that wait for the end of the last run, in Unix milliseconds. */
export function queueOf({ queue }: StoredSchedule): number[] {
  return queue === null ? [] : parse<number[]>(queue);
}

export function settingsOf({ settings }: StoredSchedule): ScheduleSettings {
  return parse<ScheduleSettings>(settings);
}

const SELECT_PAYLOAD = 'SELECT payload FROM schedule_payloads WHERE name = ?1';

/** The payload of a schedule as JSON text. It is never parsed. */
export function readPayload(sql: Sql, name: string): string | null {
  return sql.exec<{ payload: string }>(SELECT_PAYLOAD, name)[0]?.payload ?? null;
}

const SELECT_STATE = 'SELECT state FROM tasks WHERE id = ?1';

export function toScheduleRow(sql: Sql, stored: StoredSchedule): ScheduleRow {
  const last = stored.last_task_id;
  const task = last === null ? undefined : sql.exec<{ state: TaskState }>(SELECT_STATE, last)[0];
  return {
    name: stored.name,
    settings: stored.settings,
    payload: readPayload(sql, stored.name),
    createdAt: stored.created_at,
    anchorAt: stored.anchor_at,
    nextAt: stored.next_at,
    pausedAt: stored.paused_at,
    lastAt: stored.last_at,
    lastRunAt: stored.last_run_at,
    lastTaskId: last,
    lastState: task?.state ?? null,
    lastSkippedAt: stored.last_skipped_at,
    queued: queueOf(stored).length,
    fault: stored.fault,
  };
}
