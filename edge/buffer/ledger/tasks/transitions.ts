import type { ReportedFailure, TypeRetry } from '../../../contract/ledger/leases.ts';
import type { EndedAttempt } from '../../../contract/ledger/tasks.ts';
import { DEFAULT_MAX_ATTEMPTS, MAX_KEPT_ATTEMPTS } from '../../../contract/limits.ts';
import type { Backoff, TaskError, TaskState } from '../../../contract/task.ts';
import { windowOf } from '../../../contract/task-id.ts';
import type { Counters } from '../store/counters.ts';
import { parse } from '../store/rows.ts';
import { jsonChunks, type Sql, type SqlValue } from '../store/sql.ts';
import { noteEnded, type Store } from '../store/store.ts';
import { backoffDelayMs } from './backoff.ts';

/** The data of a task that a transition needs. */
export interface HeldTask extends Record<string, SqlValue> {
  id: string;
  type: string;
  state: TaskState;
  lease_id: string | null;
  run_at: number;
  attempt: number;
  max_attempts: number | null;
  backoff: string | null;
  type_retry: string | null;
  claimed_at: number | null;
  /** Null for a task that was read ahead, until the ledger knows that it has started. */
  started_at: number | null;
  attempts: string;
  schedule: string | null;
  runner: string | null;
}

const HELD_COLUMNS = `tasks.id, tasks.type, tasks.state, tasks.lease_id, tasks.run_at, tasks.attempt, tasks.max_attempts,
  tasks.backoff, tasks.type_retry, tasks.claimed_at, tasks.started_at, tasks.attempts,
  tasks.schedule, leases.runner`;

const SELECT_HELD = `
  SELECT ${HELD_COLUMNS} FROM tasks LEFT JOIN leases ON leases.id = tasks.lease_id
  WHERE tasks.id IN (SELECT value FROM json_each(?1))`;

/** The tasks of these ids that exist, with the data that a transition needs. */
export function readHeld(sql: Sql, taskIds: readonly string[]): Map<string, HeldTask> {
  const rows = sql.exec<HeldTask>(SELECT_HELD, JSON.stringify(taskIds));
  return new Map(rows.map((row) => [row.id, row]));
}

/** A task's row after its attempt has ended, and its data before. */
export interface Transition {
  before: HeldTask;
  id: string;
  state: TaskState;
  attempt: number;
  runAt: number;
  /** Null if the task was taken back from its lease. */
  leaseId: string | null;
  /** Set if a runner may still be running the task. */
  claimedAt: number | null;
  startedAt: number | null;
  completedAt: number | null;
  error: TaskError | null;
  result: string | null;
  typeRetry: TypeRetry | null;
  attempts: EndedAttempt[];
}

/** Marks a task as started. The end of an attempt shows that the attempt has begun. */
export function asStarted(task: HeldTask): HeldTask {
  if (task.started_at !== null) return task;
  return { ...task, attempt: task.attempt + 1, started_at: task.claimed_at };
}

/** The transition after a successful attempt: the task is completed. */
export function complete(task: HeldTask, result: string | null, now: number): Transition {
  return { ...endAttempt(task, now), state: 'completed', completedAt: now, result };
}

/**
 * The transition after a failed attempt. The task waits for another attempt, or fails if no attempt is left or the
 * error is not retryable.
 *
 * @param typeRetry the settings of the task type, if the report has them.
 */
export function fail(
  task: HeldTask,
  { code, message, retryable = true }: ReportedFailure,
  typeRetry: TypeRetry | undefined,
  now: number,
  random: number,
): Transition {
  const error = { code, message };
  const ended = endAttempt(task, now, error);
  const type = typeRetry ?? ended.typeRetry ?? {};
  const failed: Transition = { ...ended, typeRetry: type, error };
  const maxAttempts = task.max_attempts ?? type.maxAttempts ?? DEFAULT_MAX_ATTEMPTS;
  if (!retryable || task.attempt >= maxAttempts) return { ...failed, state: 'failed', completedAt: now };

  const backoff = { ...type.backoff, ...(task.backoff === null ? {} : parse<Backoff>(task.backoff)) };
  const runAt = now + backoffDelayMs(backoff, task.attempt, random);
  return { ...failed, state: runAt > now ? 'scheduled' : 'ready', runAt };
}

/** The transition of a cancel. A running task stays with its runner, which the next heartbeat notifies. */
export function cancelled(task: HeldTask, now: number, message = 'The task was cancelled'): Transition {
  const error: TaskError = { code: 'cancelled', message };
  const ended = endAttempt(task, now, error);
  const runs = task.state === 'leased' && task.started_at !== null;
  return {
    ...ended,
    state: 'cancelled',
    claimedAt: task.claimed_at,
    startedAt: task.started_at,
    completedAt: now,
    error,
    attempts: runs ? ended.attempts : parse<EndedAttempt[]>(task.attempts),
  };
}

function endAttempt(task: HeldTask, now: number, error?: TaskError): Transition {
  const attempt: EndedAttempt = {
    attempt: task.attempt,
    runner: task.runner ?? 'unknown',
    startedAt: task.started_at ?? task.claimed_at ?? now,
    endedAt: now,
    error,
  };
  return {
    before: task,
    id: task.id,
    state: task.state,
    attempt: task.attempt,
    runAt: task.run_at,
    leaseId: task.lease_id,
    claimedAt: null,
    startedAt: null,
    completedAt: null,
    error: null,
    result: null,
    typeRetry: task.type_retry === null ? null : parse<TypeRetry>(task.type_retry),
    attempts: [...parse<EndedAttempt[]>(task.attempts), attempt].slice(-MAX_KEPT_ATTEMPTS),
  };
}

const WRITE_TRANSITIONS = `
  UPDATE tasks SET
    state = next.value ->> 'state', run_at = next.value ->> 'runAt', lease_id = next.value ->> 'leaseId',
    attempt = next.value ->> 'attempt', claimed_at = next.value ->> 'claimedAt',
    started_at = next.value ->> 'startedAt', lost_deliveries = NULL, completed_at = next.value ->> 'completedAt', error = next.value ->> 'error',
    result = next.value ->> 'result', type_retry = next.value ->> 'typeRetry',
    attempts = next.value ->> 'attempts'
  FROM json_each(?1) AS next
  WHERE tasks.id = next.value ->> 'id'`;

export function writeTransitions(sql: Store, transitions: readonly Transition[]): void {
  for (const chunk of jsonChunks(transitions.map(({ before: _, ...row }) => row))) {
    sql.exec(WRITE_TRANSITIONS, chunk);
  }
  for (const transition of transitions) {
    count(sql.counters, transition);
    const { id, before, completedAt, claimedAt } = transition;
    if (completedAt !== null) sql.endedWindows.add(windowOf(id));
    if (completedAt !== null && claimedAt === null) noteEnded(sql, id, before.schedule);
  }
}

function count(counters: Counters, { before, state, leaseId, attempts }: Transition): void {
  counters.move(before.type, before.state, state);
  const attempt = attempts.at(-1);
  if (before.state !== 'leased' || state === 'cancelled' || !attempt) return;
  if (state !== 'completed' && state !== 'failed') counters.retry(before.type);
  if (leaseId === null) counters.expireLease(before.type);
  else counters.report(attempt.startedAt - before.run_at, attempt.endedAt - attempt.startedAt);
}
