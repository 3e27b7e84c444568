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
  readonly name: string;
  readonly settings: ScheduleSettings;
  /** JSON text; null if the settings have none. */
  readonly payload: string | null;
  readonly plannedAt: number;
}

/**
 * The ids of the tasks of planned times, in their order. If the window of a planned time is closed to inserts, its
 * id has another time.
 *
 * @param otherwiseAt that time, in Unix milliseconds.
 */
export function runIds(
  sql: Sql,
  runs: readonly Pick<PlannedRun, 'name' | 'plannedAt'>[],
  otherwiseAt: number,
): string[] {
  return runs.map(({ name, plannedAt }) =>
    openId(sql, (idAt) => slotId(name, plannedAt, idAt), plannedAt, otherwiseAt),
  );
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

/** Inserts the tasks of planned times under the ids of {@link runIds}. A known id changes nothing. */
export function insertRuns(
  sql: Store,
  runs: readonly PlannedRun[],
  ids: readonly string[],
  now: number,
): void {
  const tasks = runs.flatMap((run, index) => {
    const id = ids[index];
    return id === undefined ? [] : newRun(run, id, now);
  });
  if (tasks.length > 0) insert(sql, tasks, now);
}

function newRun({ name, settings, payload, plannedAt }: PlannedRun, id: string, now: number): NewTask {
  const schedule: TaskSchedule = { name, plannedAt, missed: now - plannedAt > ON_TIME_MS };
  const { type, priority = 0, maxAttempts, backoff, timeoutSeconds, tags, jitterSeconds } = settings;
  // A missed time has waited only since now.
  const readyAt = schedule.missed ? now : undefined;
  const runAt = jitterSeconds ? now + jitterOf(name, plannedAt, jitterSeconds * 1000) : readyAt;
  const options = { maxAttempts, backoff, timeoutSeconds, tags, runAt };
  return { id, type, payload: payload ?? '{}', priority, ...options, schedule };
}
