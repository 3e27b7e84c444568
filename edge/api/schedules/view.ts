import type { FoundSchedule, ScheduleRow } from '../../contract/ledger/schedules.ts';
import { type Schedule, ScheduleName, type ScheduleSettings } from '../../contract/schedule.ts';
import { statusOf } from '../../contract/task.ts';
import { iso } from '../../contract/time.ts';
import { ApiError } from '../../http/errors.ts';
import { CREATED_AT, TASK_ID } from '../../http/examples.ts';
import { check } from '../../http/input.ts';
import { wordsOf } from '../../schedule/words.ts';
import type { ApiContext } from '../env.ts';

export const SETTINGS_EXAMPLE = {
  type: 'report',
  payload: { kind: 'daily' },
  cron: '0 3 * * *',
  timezone: 'Europe/Berlin',
};

export const SCHEDULE_EXAMPLE = {
  name: 'nightly-report',
  ...SETTINGS_EXAMPLE,
  words: 'At 03:00',
  paused: false,
  createdAt: CREATED_AT,
  nextRunAt: '2026-01-03T02:00:00.000Z',
  lastRunAt: '2026-01-02T02:00:00.000Z',
  lastTaskId: TASK_ID,
  lastStatus: 'completed',
  lastLateMs: 12,
  queued: 0,
};

/** The `:name` of the path. */
export function readName(c: ApiContext): string {
  return check(ScheduleName, c.req.param('name'));
}

/** @throws {ApiError} 404 if there is no schedule of this name. */
export function scheduleOr404(name: string, found: FoundSchedule): ScheduleRow {
  if ('schedule' in found) return found.schedule;
  throw scheduleNotFound(name);
}

export function scheduleNotFound(name: string): ApiError {
  return new ApiError('schedule_not_found', `There is no schedule "${name}"`, { name });
}

/** The settings of a schedule without its payload. */
export function settingsOf({ settings }: ScheduleRow): ScheduleSettings {
  return JSON.parse(settings);
}

export function viewOf(row: ScheduleRow): Schedule {
  const settings = settingsOf(row);
  const words = wordsOf(settings);
  return {
    name: row.name,
    ...settings,
    ...(row.payload !== null && { payload: JSON.parse(row.payload) }),
    ...(words !== undefined && { words }),
    paused: row.pausedAt !== null,
    createdAt: iso(row.createdAt),
    ...(row.nextAt !== null && { nextRunAt: iso(row.nextAt) }),
    ...(row.lastAt !== null && { lastRunAt: iso(row.lastAt) }),
    ...(row.lastTaskId !== null && { lastTaskId: row.lastTaskId }),
    ...(row.lastState !== null && { lastStatus: statusOf(row.lastState) }),
    ...(row.lastAt !== null &&
      row.lastRunAt !== null && { lastLateMs: Math.max(0, row.lastRunAt - row.lastAt) }),
    ...(row.lastSkippedAt !== null && { lastSkippedAt: iso(row.lastSkippedAt) }),
    queued: row.queued,
    ...(row.fault !== null && { fault: row.fault }),
  };
}
