import type { TaskSchedule } from '../../../contract/ledger/schedules.ts';
import type { NewTask } from '../../../contract/ledger/tasks.ts';
import type { ScheduleSettings } from '../../../contract/schedule.ts';
import { windowOf } from '../../../contract/task-id.ts';
import { isSealed } from '../archive/seals.ts';
import type { Sql } from '../store/sql.ts';
import type { Store } from '../store/store.ts';
import { insert } from '../tasks/insert.ts';
import { jitterOf, slotId } from './slot-id.ts';

/** A task that is inserted more than this long after its planned time was missed. */
export const ON_TIME_MS = 60_000;

/** A planned time whose task is to be inserted. */
export interface PlannedRun {
  /** The id of the task. */
  readonly id: string;
  readonly name: string;
  readonly settings: ScheduleSettings;
  /** JSON text; null if the settings have none. */
  readonly payload: string | null;
  readonly plannedAt: number;
}

/**
 * The id of the task of a planned time. If the window of that time is closed to inserts, the id has another time.
 *
 * @param otherwiseAt that time, in Unix milliseconds.
 */
export function runId(sql: Sql, name: string, plannedAt: number, otherwiseAt: number): string {
  return openId(sql, (idAt) => slotId(name, plannedAt, idAt), plannedAt, otherwiseAt);
}

/** The id with a time, or with another time if the window of the first is closed to inserts. */
export function openId(sql: Sql, idOf: (idAt: number) => string, idAt: number, otherwiseAt: number): string {
  const id = idOf(idAt);
  return isSealed(sql, windowOf(id)) && !exists(sql, id) ? idOf(otherwiseAt) : id;
}

const EXISTS = 'SELECT 1 FROM tasks WHERE id = ?1';

export function exists(sql: Sql, id: string): boolean {
  return sql.exec(EXISTS, id).length > 0;
}

/** Inserts the tasks of planned times. A known id changes nothing. */
export function insertRuns(sql: Store, runs: readonly PlannedRun[], now: number): void {
  if (runs.length === 0) return;
  insert(
    sql,
    runs.map((run) => newRun(run, now)),
    now,
  );
}

function newRun({ id, name, settings, payload, plannedAt }: PlannedRun, now: number): NewTask {
  const schedule: TaskSchedule = { name, plannedAt, missed: now - plannedAt > ON_TIME_MS };
  const { type, priority = 0, maxAttempts, backoff, timeoutSeconds, tags, jitterSeconds } = settings;
  // A missed time has waited only since now.
  const readyAt = schedule.missed ? now : undefined;
  const runAt = jitterSeconds ? now + jitterOf(name, plannedAt, jitterSeconds * 1000) : readyAt;
  const options = { maxAttempts, backoff, timeoutSeconds, tags, runAt };
  return { id, type, payload: payload ?? '{}', priority, ...options, schedule };
}
