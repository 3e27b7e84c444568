import { MAX_SCHEDULED_TIMES } from '../../../contract/limits.ts';
import type { ScheduleSettings } from '../../../contract/schedule.ts';
import { isTerminal } from '../../../contract/task.ts';
import { slotAfter, slotBy } from '../../../schedule/slots.ts';
import type { Sql } from '../store/sql.ts';
import type { Store } from '../store/store.ts';
import { cancelled, readHeld, writeTransitions } from '../tasks/transitions.ts';
import {
  queueOf,
  readPayload,
  readStored,
  SCHEDULE_COLUMNS,
  type StoredSchedule,
  settingsOf,
} from './rows.ts';
import { insertRuns, ON_TIME_MS, type PlannedRun, runId } from './runs.ts';

/** How many schedules one call advances, each by one planned time. The alarm continues with the rest. */
const DUE_LIMIT = 25;
/** A call stops after runs with more characters of payload than this. */
const DUE_BYTES = 256 * 1024;
/** How many queues one call continues at once. */
const CONTINUED_AT_ONCE = 10;
const DEFAULT_MISSED_WITHIN_SECONDS = 86_400;

const SELECT_DUE = `
  SELECT ${SCHEDULE_COLUMNS} FROM schedules WHERE due_at <= ?1 AND paused_at IS NULL ORDER BY due_at, name LIMIT ${DUE_LIMIT}`;

const NEXT_DUE = 'SELECT min(due_at) AS at FROM schedules WHERE due_at IS NOT NULL AND paused_at IS NULL';

/** When the next schedule is due; null if none is. */
export function nextDueAt(sql: Sql): number | null {
  return sql.exec<{ at: number | null }>(NEXT_DUE)[0]?.at ?? null;
}

/**
 * Advances schedules whose time has come. Inserting a task and advancing its schedule are one transaction. A
 * schedule with several planned times to run takes its turn for each of them, so it does not delay the others.
 */
export function runDue(sql: Store, now: number): void {
  const runs: PlannedRun[] = [];
  const advanced: Advance[] = [];
  let bytes = 0;
  for (const stored of sql.exec<StoredSchedule>(SELECT_DUE, now)) {
    if (bytes > DUE_BYTES) break;
    const step = stepOf(stored, now);
    if ('fault' in step) {
      stop(sql, stored.name, step.fault);
      continue;
    }
    const advance = decide(sql, stored, step, now);
    if (advance.runAt !== null) {
      const { name } = stored;
      const { settings } = step;
      const payload = readPayload(sql, name);
      bytes += payload?.length ?? 0;
      const id = runId(sql, name, advance.runAt, now);
      runs.push({ id, name, settings, payload, plannedAt: advance.runAt });
    }
    advanced.push(advance);
  }
  insertRuns(sql, runs, now);
  const taskIds = new Map(runs.map(({ name, id }) => [name, id]));
  for (const advance of advanced) writeAdvance(sql, advance, taskIds.get(advance.name) ?? null, now);
  for (const { name, runAt } of advanced) if (runAt === null) continueQueue(sql, name, now);
}

/** What happens next with a schedule: which planned time runs now, if any, and which is the next one. */
interface Step {
  readonly slot: number | null;
  readonly next: number | null;
  readonly caughtUp: number;
}

interface ScheduleStep extends Step {
  readonly settings: ScheduleSettings;
}

/** The next step of a due schedule, or why it cannot run. A fault of one schedule must not stop the others. */
function stepOf(stored: StoredSchedule, now: number): ScheduleStep | { fault: string } {
  try {
    const settings = settingsOf(stored);
    return { ...nextStep(settings, stored, now), settings };
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
}

/** Decides by `missed` which planned time runs. */
function nextStep(
  settings: ScheduleSettings,
  {
    anchor_at: anchor,
    next_at: first,
    caught_up: caughtUp,
  }: Pick<StoredSchedule, 'anchor_at' | 'next_at' | 'caught_up'>,
  now: number,
): Step {
  // It may be due only because its queue is to continue.
  if (first === null || first > now) return { slot: null, next: first, caughtUp };
  const { missed = 'one', missedWithinSeconds = DEFAULT_MISSED_WITHIN_SECONDS } = settings;
  const oldest = now - missedWithinSeconds * 1000;
  const second = slotAfter(settings, anchor, first);
  if (missed === 'all' && caughtUp < MAX_SCHEDULED_TIMES && second !== null && second <= now) {
    if (first >= oldest) return { slot: first, next: second, caughtUp: caughtUp + 1 };
    return { slot: null, next: slotAfter(settings, anchor, oldest - 1), caughtUp };
  }
  const isLast = second === null || second > now;
  const latest = isLast ? first : (slotBy(settings, anchor, now) ?? first);
  const isOnTime = now - latest <= ON_TIME_MS;
  const runs = isOnTime || (missed !== 'skip' && latest >= oldest);
  return {
    slot: runs ? latest : null,
    next: isLast ? second : slotAfter(settings, anchor, now),
    caughtUp: 0,
  };
}

/** The changes to a schedule. */
interface Advance {
  readonly name: string;
  readonly next: number | null;
  readonly caughtUp: number;
  /** The planned time that runs now. */
  readonly runAt: number | null;
  readonly skippedAt: number | null;
  readonly queue: readonly number[];
}

/** Decides by `overlap` whether a planned time runs now. */
function decide(
  sql: Store,
  stored: StoredSchedule,
  { slot, next, caughtUp, settings }: ScheduleStep,
  now: number,
): Advance {
  const queue = queueOf(stored);
  const unchanged = { name: stored.name, next, caughtUp, runAt: null, skippedAt: null, queue };
  if (slot === null) return unchanged;
  const { overlap = 'skip' } = settings;
  if (overlap === 'allow') return { ...unchanged, runAt: slot };
  if (overlap === 'cancel') cancelRun(sql, stored, now);
  const waits = isAlive(sql, stored.last_task_id);
  if (overlap === 'skip' && waits) return { ...unchanged, skippedAt: slot };
  if (overlap === 'cancel')
    return waits ? { ...unchanged, queue: [slot] } : { ...unchanged, queue: [], runAt: slot };
  if (!waits) {
    const [head = slot, ...rest] = [...queue, slot];
    return { ...unchanged, runAt: head, queue: rest };
  }
  if (queue.length >= MAX_SCHEDULED_TIMES) return { ...unchanged, skippedAt: slot };
  return { ...unchanged, queue: [...queue, slot] };
}

const SELECT_ALIVE = 'SELECT 1 FROM tasks WHERE id = ?1 AND (completed_at IS NULL OR claimed_at IS NOT NULL)';

/** Whether a task has not ended, or a runner may still be running it. */
function isAlive(sql: Sql, taskId: string | null): boolean {
  return taskId !== null && sql.exec(SELECT_ALIVE, taskId).length > 0;
}

function cancelRun(sql: Store, { name, last_task_id: id }: StoredSchedule, now: number): void {
  const task = id === null ? undefined : readHeld(sql, [id]).get(id);
  if (!task || isTerminal(task.state)) return;
  writeTransitions(sql, [cancelled(task, now, `The schedule "${name}" began its next run`)]);
}

const ADVANCE = `
  UPDATE schedules SET next_at = ?2, due_at = iif(?2 <= ?3, ?3, ?2), caught_up = ?4, last_at = coalesce(?5, last_at),
    last_run_at = iif(?5 IS NULL, last_run_at, ?3), last_task_id = coalesce(?6, last_task_id),
    last_skipped_at = coalesce(?7, last_skipped_at), queue = ?8
  WHERE name = ?1`;

function writeAdvance(sql: Sql, advance: Advance, taskId: string | null, now: number): void {
  const { name, next, caughtUp, runAt, skippedAt, queue } = advance;
  sql.exec(ADVANCE, name, next, now, caughtUp, runAt, taskId, skippedAt, queueText(queue));
}

function queueText(queue: readonly number[]): string | null {
  return queue.length === 0 ? null : JSON.stringify(queue);
}

const STOP = 'UPDATE schedules SET fault = ?2, next_at = NULL, due_at = NULL WHERE name = ?1';

function stop(sql: Sql, name: string, fault: string): void {
  sql.exec(STOP, name, fault);
}

const NOTE_RUN =
  'UPDATE schedules SET last_at = ?2, last_run_at = ?3, last_task_id = ?4, queue = ?5 WHERE name = ?1';

/** Inserts the run of a planned time. It counts as the last run. `stored.queue` is the queue after it. */
export function runNow(sql: Store, stored: StoredSchedule, plannedAt: number, id: string, now: number): void {
  const { name } = stored;
  insertRuns(
    sql,
    [{ id, name, settings: settingsOf(stored), payload: readPayload(sql, name), plannedAt }],
    now,
  );
  sql.exec(NOTE_RUN, name, plannedAt, now, id, stored.queue);
}

const MAKE_DUE =
  'UPDATE schedules SET due_at = ?2 WHERE name = ?1 AND queue IS NOT NULL AND paused_at IS NULL';

/**
 * Starts the next planned times of the schedules of which the call has ended runs. A call can end many, so it
 * starts a few, and makes the others due.
 *
 * @returns whether it has made schedules due.
 */
export function continueQueues(sql: Store, now: number): boolean {
  const [...names] = sql.endedRuns;
  sql.endedRuns.clear();
  for (const name of names.slice(0, CONTINUED_AT_ONCE)) continueQueue(sql, name, now);
  for (const name of names.slice(CONTINUED_AT_ONCE)) sql.exec(MAKE_DUE, name, now);
  return names.length > CONTINUED_AT_ONCE;
}

/** Starts the next planned time of the queue, unless the last run is still alive. */
export function continueQueue(sql: Store, name: string, now: number): void {
  const stored = readStored(sql, name);
  if (!stored || stored.queue === null || stored.paused_at !== null || isAlive(sql, stored.last_task_id))
    return;
  const [plannedAt, ...rest] = queueOf(stored);
  if (plannedAt === undefined) return;
  const id = runId(sql, name, plannedAt, now);
  runNow(sql, { ...stored, queue: queueText(rest) }, plannedAt, id, now);
}
