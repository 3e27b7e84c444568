import type { TypeRetry } from '../../../../contract/ledger/leases.ts';
import type { TaskError, TaskState } from '../../../../contract/task.ts';
import { endEmptyLeases } from './leases.ts';
import type { State } from './state.ts';
import { type Ended, maxAttemptsOf, NO_REASON, type Task } from './task.ts';

/** Starts a task. Only a start uses an attempt. */
export function start(state: State, task: Task, at: number | null = state.now()): void {
  if (task.startedAt !== null) return;
  Object.assign(task, { startedAt: at, attempt: task.attempt + 1, lostDeliveries: 0 });
}

export function recordAttempt(state: State, task: Task, error: TaskError | null): void {
  const runner = state.leases.get(task.leaseId ?? '')?.runner ?? 'unknown';
  const startedAt = task.startedAt ?? state.now();
  const attempt = { attempt: task.attempt, runner, startedAt, endedAt: state.now() };
  task.attempts = [...task.attempts, error ? { ...attempt, error } : attempt].slice(-10);
}

/** Ends a task permanently. */
export function end(state: State, task: Task, as: TaskState): void {
  Object.assign(task, { state: as, completedAt: state.now() });
  state.archive.noteEnd(task);
  if (task.schedule && task.claimedAt === null) state.endedRuns.add(task.schedule.name);
}

export function endAttempt(state: State, task: Task, report: Ended, typeRetry?: TypeRetry): void {
  const { retryable = true, ...error } = report.error ?? NO_REASON;
  start(state, task, task.claimedAt);
  recordAttempt(state, task, report.success ? null : error);
  Object.assign(task, { claimedAt: null, startedAt: null });
  if (report.success) {
    const result = report.result ?? null;
    Object.assign(task, { error: null, result });
    end(state, task, 'completed');
  } else {
    task.typeRetry = typeRetry ?? task.typeRetry ?? {};
    Object.assign(task, { error, result: null });
    if (!retryable || task.attempt >= maxAttemptsOf(task)) {
      end(state, task, 'failed');
    } else {
      task.runAt = state.now() + delayOf(state, task);
      task.state = task.runAt > state.now() ? 'scheduled' : 'ready';
    }
  }
  endEmptyLeases(state);
}

function delayOf({ sources }: State, { backoff, typeRetry, attempt }: Task): number {
  const base = backoff?.baseSeconds ?? typeRetry?.backoff?.baseSeconds ?? 1;
  const cap = backoff?.capSeconds ?? typeRetry?.backoff?.capSeconds ?? 3600;
  return Math.round(sources.random() * Math.min(cap, base * 2 ** (attempt - 1)) * 1000);
}
