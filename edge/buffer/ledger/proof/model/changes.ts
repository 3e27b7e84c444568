import type {
  CancelOutcome,
  ChangedPage,
  ListFilter,
  RetryFilter,
  RetryOutcome,
} from '../../../../contract/ledger/tasks.ts';
import { isTerminal } from '../../../../contract/task.ts';
import { end, recordAttempt } from './attempts.ts';
import type { State } from './state.ts';
import { isHeld } from './task.ts';
import { pageOf } from './views.ts';

export function cancel(state: State, taskId: string): CancelOutcome {
  const task = state.tasks.get(taskId);
  if (!task) return state.isSealed(taskId) ? { sealed: true } : { unknown: true };
  if (state.archive.isFrozen(task)) return { sealed: true };
  if (task.state === 'cancelled') return { changed: false };
  if (isTerminal(task.state)) return { refused: task.state };
  cancelWith(state, taskId, 'The task was cancelled');
  return { changed: true };
}

/** Cancels a task that has not ended. */
export function cancelWith(state: State, taskId: string, message: string): void {
  const task = state.tasks.get(taskId);
  if (!task || isTerminal(task.state)) return;
  const error = { code: 'cancelled', message };
  if (task.state === 'leased' && task.startedAt !== null) recordAttempt(state, task, error);
  Object.assign(task, { error, result: null });
  end(state, task, 'cancelled');
}

export function retry(state: State, taskId: string): RetryOutcome {
  const task = state.tasks.get(taskId);
  if (!task) return state.isSealed(taskId) ? { sealed: true } : { unknown: true };
  if (state.archive.isFrozen(task)) return { sealed: true };
  if (task.state !== 'failed' && task.state !== 'cancelled') return { refused: task.state };
  if (task.maxAttempts === 0) return { refused: task.state };
  Object.assign(task, {
    state: isHeld(task) ? 'scheduled' : 'ready',
    runAt: state.now(),
    attempt: 0,
    lostDeliveries: 0,
    completedAt: null,
    error: null,
    result: null,
  });
  return { retried: true };
}

export function retryMany(model: State, { state, since, ...filter }: RetryFilter): ChangedPage {
  const { page, nextCursor } = pageOf(model, { ...filter, states: [state] });
  const late = page.filter((task) => (task.completedAt ?? 0) >= since);
  const changed = late.filter((task) => 'retried' in retry(model, task.id)).map((task) => task.id);
  return { changed, nextCursor };
}

export function cancelMany(state: State, filter: ListFilter): ChangedPage {
  const { page, nextCursor } = pageOf(state, filter);
  const alive = page.filter((task) => !isTerminal(task.state));
  for (const task of alive) cancel(state, task.id);
  return { changed: alive.map((task) => task.id), nextCursor };
}
