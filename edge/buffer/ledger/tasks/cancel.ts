import type { CancelOutcome, ChangedPage, ListFilter } from '../../../contract/ledger/tasks.ts';
import { windowOf } from '../../../contract/task-id.ts';
import { isFrozen, isSealed } from '../archive/seals.ts';
import type { Store } from '../store/store.ts';
import { page } from './read.ts';
import { cancelled, readHeld, writeTransitions } from './transitions.ts';

/**
 * Cancels a task. A running task is cancelled at once, and the answer to the next heartbeat notifies its runner. A
 * cancelled task does not change.
 */
export function cancel(sql: Store, taskId: string, now: number): CancelOutcome {
  const task = readHeld(sql, [taskId]).get(taskId);
  if (!task) return isSealed(sql, windowOf(taskId)) ? { sealed: true } : { unknown: true };
  if (isFrozen(sql, taskId)) return { sealed: true };
  switch (task.state) {
    case 'completed':
    case 'failed':
      return { refused: task.state };
    case 'cancelled':
      return { changed: false };
    case 'scheduled':
    case 'ready':
    case 'leased':
      writeTransitions(sql, [cancelled(task, now)]);
      return { changed: true };
  }
}

/** Cancels a page of the tasks that wait or run, newest first. */
export function cancelMany(sql: Store, filter: ListFilter, now: number): ChangedPage {
  const { tasks, nextCursor } = page(sql, filter);
  const ids = tasks.flatMap(({ id, completedAt }) => (completedAt === null ? id : []));
  const transitions = [...readHeld(sql, ids).values()].map((task) => cancelled(task, now));
  writeTransitions(sql, transitions);
  return { changed: ids, nextCursor };
}
