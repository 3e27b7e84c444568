import type { ChangedPage, RetryFilter, RetryOutcome } from '../../../contract/ledger/tasks.ts';
import type { TaskState } from '../../../contract/task.ts';
import { windowOf } from '../../../contract/task-id.ts';
import { FROZEN, isFrozen, isSealed } from '../archive/seals.ts';
import type { Store } from '../store/store.ts';
import { page } from './read.ts';

/**
 * A cancelled task that its runner has not dropped yet waits until it is dropped. An invalid task
 * (`max_attempts` is 0) is not retried, because it cannot be run.
 */
const RETRY = `
  UPDATE tasks SET
    state = CASE WHEN claimed_at IS NULL THEN 'ready' ELSE 'scheduled' END, run_at = ?2, attempt = 0, lost_deliveries = NULL,
    completed_at = NULL, error = NULL, result = NULL
  WHERE id IN (SELECT value FROM json_each(?1)) AND state IN ('failed', 'cancelled')
    AND coalesce(max_attempts, 1) > 0 AND NOT ${FROZEN}
  RETURNING id, type, state`;

const SELECT_STATE = 'SELECT state FROM tasks WHERE id = ?1';

/** Retries a failed or cancelled task, and resets its attempts. */
export function retry(sql: Store, taskId: string, now: number): RetryOutcome {
  const known = sql.exec<{ state: TaskState }>(SELECT_STATE, taskId)[0];
  if (!known) return isSealed(sql, windowOf(taskId)) ? { sealed: true } : { unknown: true };
  if (isFrozen(sql, taskId)) return { sealed: true };
  const retried = retryTasks(sql, [taskId], known.state, now);
  return retried.length === 1 ? { retried: true } : { refused: known.state };
}

/** Retries a page of the tasks that ended in a state, newest first. */
export function retryMany(sql: Store, { state, since, ...filter }: RetryFilter, now: number): ChangedPage {
  const { tasks, nextCursor } = page(sql, { ...filter, states: [state] });
  const ids = tasks.filter(({ completedAt }) => (completedAt ?? 0) >= since).map(({ id }) => id);
  return { changed: retryTasks(sql, ids, state, now), nextCursor };
}

/** Retries tasks that are all in the state `from`. Returns the ids of the retried tasks. */
function retryTasks(sql: Store, ids: readonly string[], from: TaskState, now: number): string[] {
  const retried = sql.exec<{ id: string; type: string; state: TaskState }>(RETRY, JSON.stringify(ids), now);
  for (const { type, state } of retried) sql.counters.move(type, from, state);
  return retried.map((row) => row.id);
}
