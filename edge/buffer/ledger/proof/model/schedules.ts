import type {
  FoundSchedule,
  SchedulePage,
  ScheduleRow,
  ScheduleRuns,
} from '../../../../contract/ledger/schedules.ts';
import type { ScheduleSettings } from '../../../../contract/schedule.ts';
import { isTerminal } from '../../../../contract/task.ts';
import { slotAfter } from '../../../../schedule/slots.ts';
import { handRunId, jitterOf, slotId } from '../../schedules/slot-id.ts';
import { cancelWith } from './changes.ts';
import { insert } from './inserts.ts';
import type { State } from './state.ts';
import { isHeld } from './task.ts';

const ON_TIME_MS = 60_000;

/** A schedule of the model. */
export interface Schedule extends Omit<ScheduleRow, 'settings' | 'queued' | 'lastState' | 'fault'> {
  settings: ScheduleSettings;
  /** When its next planned time is handled; null if none is left. */
  dueAt: number | null;
  /** The planned times that wait for the end of the last run. */
  queue: number[];
}

export function putSchedule(
  state: State,
  name: string,
  text: string,
  payload: string | null = null,
): { schedule: ScheduleRow } {
  const now = state.now();
  const settings: ScheduleSettings = JSON.parse(text);
  const known = state.schedules.get(name);
  const timing = ({ cron, everySeconds, timezone, startAt, endAt }: ScheduleSettings) =>
    JSON.stringify([cron, everySeconds, timezone, startAt, endAt]);
  if (known && timing(known.settings) === timing(settings)) {
    Object.assign(known, { settings, payload });
    return { schedule: rowOf(state, known) };
  }
  const anchorAt = now - (now % 1000);
  const nextAt = slotAfter(settings, anchorAt, now);
  const never = { pausedAt: null, lastAt: null, lastRunAt: null, lastTaskId: null, lastSkippedAt: null };
  const before = known ?? { name, createdAt: now, ...never, queue: [] };
  const schedule = { ...before, settings, payload, anchorAt, nextAt, dueAt: nextAt };
  state.schedules.set(name, schedule);
  return { schedule: rowOf(state, schedule) };
}

export function findSchedule(state: State, name: string): FoundSchedule {
  const schedule = state.schedules.get(name);
  return schedule ? { schedule: rowOf(state, schedule) } : { unknown: true };
}

export function listSchedules(state: State, after: string, limit: number): SchedulePage {
  const names = [...state.schedules.keys()].filter((name) => name > after).sort();
  const schedules = names.slice(0, limit).flatMap((name) => {
    const schedule = state.schedules.get(name);
    return schedule ? rowOf(state, schedule) : [];
  });
  return { schedules, next: schedules.length === limit ? (schedules.at(-1)?.name ?? null) : null };
}

export function pauseSchedule(state: State, name: string): FoundSchedule {
  const schedule = state.schedules.get(name);
  if (schedule) schedule.pausedAt ??= state.now();
  return findSchedule(state, name);
}

export function resumeSchedule(state: State, name: string): FoundSchedule {
  const schedule = state.schedules.get(name);
  if (schedule) Object.assign(schedule, { pausedAt: null, dueAt: schedule.nextAt });
  continueQueue(state, name);
  return findSchedule(state, name);
}

export function runSchedule(state: State, name: string, plannedAt: number, key: string): ScheduleRuns {
  const schedule = state.schedules.get(name);
  if (!schedule) return { unknown: true };
  const planned = handRunId(name, key, plannedAt);
  const isClosed = state.isSealed(planned) && !state.tasks.has(planned);
  const id = isClosed ? handRunId(name, key, state.now()) : planned;
  if (state.tasks.has(id)) return { taskIds: [id], inserted: 0 };
  run(state, schedule, plannedAt, id);
  return { taskIds: [id], inserted: 1 };
}

export function backfillSchedule(
  state: State,
  name: string,
  times: readonly number[],
  at: number,
): ScheduleRuns {
  const schedule = state.schedules.get(name);
  if (!schedule) return { unknown: true };
  const taskIds = times.map((time) => idOf(state, name, time, at));
  let inserted = 0;
  for (const [index, id] of taskIds.entries()) {
    if (state.tasks.has(id)) continue;
    inserted += 1;
    insertRun(state, schedule, times[index] ?? 0, id);
  }
  return { taskIds, inserted };
}

/** Advances each schedule that is due by one planned time. */
export function runDue(state: State): void {
  const now = state.now();
  for (const schedule of state.schedules.values()) {
    const { dueAt, nextAt, pausedAt } = schedule;
    if (dueAt === null || nextAt === null || dueAt > now || pausedAt !== null) continue;
    const { slot, next } = nextStep(schedule, nextAt, now);
    schedule.nextAt = next;
    schedule.dueAt = next === null ? null : Math.max(next, now);
    if (slot !== null) reach(state, schedule, slot);
  }
}

function nextStep(
  schedule: Schedule,
  first: number,
  now: number,
): { slot: number | null; next: number | null } {
  const { settings, anchorAt } = schedule;
  const after = (time: number) => slotAfter(settings, anchorAt, time);
  const passed = [first];
  for (let at = after(first); at !== null && at <= now; at = after(at)) passed.push(at);
  const latest = passed.at(-1) ?? first;
  const oldest = now - (settings.missedWithinSeconds ?? 86_400) * 1000;
  if (settings.missed === 'all' && passed.length > 1) {
    return first < oldest
      ? { slot: null, next: after(oldest - 1) }
      : { slot: first, next: passed[1] ?? null };
  }
  const isOnTime = now - latest <= ON_TIME_MS;
  const runs = isOnTime || (settings.missed !== 'skip' && latest >= oldest);
  return { slot: runs ? latest : null, next: after(latest) };
}

/** A planned time is reached: it runs, waits, or is skipped. */
function reach(state: State, schedule: Schedule, slot: number): void {
  const { overlap = 'skip' } = schedule.settings;
  const last = schedule.lastTaskId;
  if (overlap === 'cancel' && last !== null && isAlive(state, last)) {
    cancelWith(state, last, `The schedule "${schedule.name}" began its next run`);
  }
  const waits = overlap !== 'allow' && last !== null && isAlive(state, last);
  if (!waits) {
    if (overlap === 'queue') schedule.queue.push(slot);
    if (overlap === 'cancel') schedule.queue = [];
    const runs = overlap === 'queue' ? (schedule.queue.shift() ?? slot) : slot;
    run(state, schedule, runs, idOf(state, schedule.name, runs, state.now()));
  } else if (overlap === 'skip') schedule.lastSkippedAt = slot;
  else schedule.queue = overlap === 'cancel' ? [slot] : [...schedule.queue, slot];
}

function isAlive(state: State, id: string): boolean {
  const task = state.tasks.get(id);
  return task !== undefined && (!isTerminal(task.state) || isHeld(task));
}

/** Call this at the end of each call, with the schedules of which it has ended a run. */
export function continueQueues(state: State): void {
  for (const name of state.endedRuns) continueQueue(state, name);
  state.endedRuns.clear();
}

function continueQueue(state: State, name: string): void {
  const schedule = state.schedules.get(name);
  if (!schedule || schedule.pausedAt !== null) return;
  if (schedule.lastTaskId !== null && isAlive(state, schedule.lastTaskId)) return;
  const slot = schedule.queue.shift();
  if (slot !== undefined) run(state, schedule, slot, idOf(state, name, slot, state.now()));
}

function run(state: State, schedule: Schedule, plannedAt: number, id: string): void {
  insertRun(state, schedule, plannedAt, id);
  Object.assign(schedule, { lastAt: plannedAt, lastRunAt: state.now(), lastTaskId: id });
}

function insertRun(state: State, { name, settings, payload }: Schedule, plannedAt: number, id: string): void {
  const now = state.now();
  const { type, priority = 0, jitterSeconds } = settings;
  const schedule = { name, plannedAt, missed: now - plannedAt > ON_TIME_MS };
  const jittered = now + jitterOf(name, plannedAt, (jitterSeconds ?? 0) * 1000);
  const runAt = jitterSeconds ? jittered : schedule.missed ? now : undefined;
  insert(state, [{ id, type, payload: payload ?? '{}', priority, runAt, schedule }]);
}

/** The id of a planned time. If its window is closed, the id has another time. */
function idOf(state: State, name: string, plannedAt: number, otherwiseAt: number): string {
  const id = slotId(name, plannedAt);
  return state.isSealed(id) && !state.tasks.has(id) ? slotId(name, plannedAt, otherwiseAt) : id;
}

function rowOf(state: State, { settings, queue, dueAt: _, ...schedule }: Schedule): ScheduleRow {
  const lastState = state.tasks.get(schedule.lastTaskId ?? '')?.state ?? null;
  return { ...schedule, settings: JSON.stringify(settings), lastState, queued: queue.length, fault: null };
}
