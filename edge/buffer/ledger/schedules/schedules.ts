import type {
  FoundSchedule,
  SchedulePage,
  ScheduleRow,
  ScheduleRuns,
} from '../../../contract/ledger/schedules.ts';
import { MAX_SCHEDULES, MAX_SCHEDULES_BYTES } from '../../../contract/limits.ts';
import type { ScheduleSettings } from '../../../contract/schedule.ts';
import { slotAfter, type Timing } from '../../../schedule/slots.ts';
import { fitting, parse, type Sized } from '../store/rows.ts';
import type { Sql } from '../store/sql.ts';
import type { Store } from '../store/store.ts';
import { continueQueue, runNow } from './due.ts';
import {
  readPayload,
  readStored,
  SCHEDULE_COLUMNS,
  type StoredSchedule,
  settingsOf,
  toScheduleRow,
} from './rows.ts';
import { exists, insertRuns, openId, runId } from './runs.ts';
import { handRunId } from './slot-id.ts';

const UPSERT = `
  INSERT INTO schedules (name, settings, created_at, anchor_at, next_at, due_at) VALUES (?1, ?2, ?3, ?4, ?5, ?5)
  ON CONFLICT (name) DO UPDATE SET settings = excluded.settings, anchor_at = excluded.anchor_at,
    next_at = excluded.next_at, due_at = excluded.due_at, caught_up = 0, fault = NULL`;

const SET_OTHERS = 'UPDATE schedules SET settings = ?2 WHERE name = ?1';

const COUNT = 'SELECT count(*) AS schedules FROM (SELECT 1 FROM schedules LIMIT ?1)';

function isFullOfSchedules(sql: Sql): boolean {
  return (sql.exec<{ schedules: number }>(COUNT, MAX_SCHEDULES)[0]?.schedules ?? 0) >= MAX_SCHEDULES;
}

/**
 * Creates a schedule or changes its settings. If its planned times change, they count from now. Setting what is
 * set already changes nothing.
 */
export function putSchedule(
  sql: Sql,
  name: string,
  text: string,
  payload: string | null,
  now: number,
): { schedule: ScheduleRow } | { tooMany: true } {
  const known = readStored(sql, name);
  if (!known && isFullOfSchedules(sql)) return { tooMany: true };
  const settings = parse<ScheduleSettings>(text);
  if (known && known.fault === null && isSameTiming(settingsOf(known), settings)) {
    if (known.settings !== text) sql.exec(SET_OTHERS, name, text);
  } else {
    const anchor = Math.floor(now / 1000) * 1000;
    sql.exec(UPSERT, name, text, now, anchor, slotAfter(settings, anchor, now));
  }
  setPayload(sql, name, payload);
  return { schedule: found(sql, name) };
}

const SET_PAYLOAD = 'INSERT OR REPLACE INTO schedule_payloads (name, payload) VALUES (?1, ?2)';
const DELETE_PAYLOAD = 'DELETE FROM schedule_payloads WHERE name = ?1';

function setPayload(sql: Sql, name: string, payload: string | null): void {
  if (readPayload(sql, name) === payload) return;
  if (payload === null) sql.exec(DELETE_PAYLOAD, name);
  else sql.exec(SET_PAYLOAD, name, payload);
}

function isSameTiming(a: Timing, b: Timing): boolean {
  return (['cron', 'everySeconds', 'timezone', 'startAt', 'endAt'] as const).every(
    (key) => a[key] === b[key],
  );
}

function found(sql: Sql, name: string): ScheduleRow {
  const stored = readStored(sql, name);
  if (!stored) throw new Error(`Expected a schedule "${name}"`);
  return toScheduleRow(sql, stored);
}

export function findSchedule(sql: Sql, name: string): FoundSchedule {
  const stored = readStored(sql, name);
  return stored ? { schedule: toScheduleRow(sql, stored) } : { unknown: true };
}

const SELECT_SIZES = `
  SELECT schedules.name AS id, 500 + octet_length(settings) + coalesce(octet_length(payload), 0) AS bytes
  FROM (SELECT name, settings FROM schedules WHERE name > ?1 ORDER BY name LIMIT ?2) AS schedules
  LEFT JOIN schedule_payloads ON schedule_payloads.name = schedules.name ORDER BY schedules.name`;

const SELECT_PAGE = `
  SELECT ${SCHEDULE_COLUMNS} FROM schedules WHERE name IN (SELECT value FROM json_each(?1)) ORDER BY name`;

/** Schedules in the order of their names, beginning after a name. A page stops at a number of bytes. */
export function listSchedules(sql: Sql, after: string, limit: number): SchedulePage {
  const sizes = sql.exec<Sized>(SELECT_SIZES, after, limit);
  const names = fitting(sizes, MAX_SCHEDULES_BYTES);
  const stored = sql.exec<StoredSchedule>(SELECT_PAGE, JSON.stringify(names));
  const isLast = names.length === sizes.length && sizes.length < limit;
  return {
    schedules: stored.map((one) => toScheduleRow(sql, one)),
    next: isLast ? null : (names.at(-1) ?? null),
  };
}

const DELETE = 'DELETE FROM schedules WHERE name = ?1 RETURNING name';

/** Deletes a schedule. Its tasks stay. */
export function deleteSchedule(sql: Sql, name: string): boolean {
  setPayload(sql, name, null);
  return sql.exec(DELETE, name).length > 0;
}

const PAUSE = 'UPDATE schedules SET paused_at = coalesce(paused_at, ?2) WHERE name = ?1';
const RESUME = 'UPDATE schedules SET paused_at = NULL, due_at = next_at WHERE name = ?1';

/** Pauses a schedule: it inserts no tasks until it is resumed. */
export function pauseSchedule(sql: Sql, name: string, now: number): FoundSchedule {
  sql.exec(PAUSE, name, now);
  return findSchedule(sql, name);
}

/** Resumes a schedule. Planned times that passed meanwhile were missed. */
export function resumeSchedule(sql: Store, name: string, now: number): FoundSchedule {
  sql.exec(RESUME, name);
  continueQueue(sql, name, now);
  return findSchedule(sql, name);
}

/** Inserts a task now, whatever `overlap` says. The same key and time again are the same task. */
export function runSchedule(
  sql: Store,
  name: string,
  plannedAt: number,
  key: string,
  now: number,
): ScheduleRuns {
  const stored = readStored(sql, name);
  if (!stored) return { unknown: true };
  const id = openId(sql, (idAt) => handRunId(name, key, idAt), plannedAt, now);
  if (exists(sql, id)) return { taskIds: [id], inserted: 0 };
  runNow(sql, stored, plannedAt, id, now);
  return { taskIds: [id], inserted: 1 };
}

/**
 * Inserts the tasks of past planned times that the ledger does not have.
 *
 * @param requestedAt the time in the ids of those whose window is closed. The same time again gives the same ids.
 */
export function backfillSchedule(
  sql: Store,
  name: string,
  plannedAts: readonly number[],
  requestedAt: number,
  now: number,
): ScheduleRuns {
  const stored = readStored(sql, name);
  if (!stored) return { unknown: true };
  const settings = settingsOf(stored);
  const payload = readPayload(sql, name);
  const runs = plannedAts.map((plannedAt) => {
    return { id: runId(sql, name, plannedAt, requestedAt), name, settings, payload, plannedAt };
  });
  const fresh = runs.filter(({ id }) => !exists(sql, id));
  insertRuns(sql, fresh, now);
  return { taskIds: runs.map(({ id }) => id), inserted: fresh.length };
}
