import type { TaskState } from '../task.ts';
import type { Full } from './tasks.ts';

/** A schedule. Times are Unix milliseconds. */
export interface ScheduleRow {
  name: string;
  /** `ScheduleSettings` without the payload, as JSON text. */
  settings: string;
  /** JSON text; null if the settings have none. */
  payload: string | null;
  createdAt: number;
  /** Where intervals without `startAt` are counted from. */
  anchorAt: number;
  /** The first planned time that was not handled; null if none is left. */
  nextAt: number | null;
  pausedAt: number | null;
  /** The last run: its planned time, when it was inserted, and its task. */
  lastAt: number | null;
  lastRunAt: number | null;
  lastTaskId: string | null;
  /** The state of the last run's task; null once it is no longer in the ledger. */
  lastState: TaskState | null;
  lastSkippedAt: number | null;
  /** How many planned times wait for the end of the last run. */
  queued: number;
  fault: string | null;
}

/** A schedule after a change; `unknown` if there is no schedule of this name. */
export type FoundSchedule = { schedule: ScheduleRow } | { unknown: true };

/** A schedule that was set; or there is no capacity for a new one. */
export type SchedulePut = { schedule: ScheduleRow } | Full | { tooMany: true };

/** A page of schedules in the order of their names. */
export interface SchedulePage {
  schedules: ScheduleRow[];
  /** The name after which the next page begins; null on the last page. */
  next: string | null;
}

/** Tasks of a schedule, in the order of the planned times. `inserted` counts those that the ledger did not have. */
export type ScheduleRuns = { taskIds: string[]; inserted: number } | { unknown: true };

/** The planned time that a task runs for. */
export interface TaskSchedule {
  name: string;
  plannedAt: number;
  /** Whether it was inserted more than a minute late. */
  missed: boolean;
}
