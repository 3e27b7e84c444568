import type { CancelOutcome } from '../../contract/ledger.ts';
import { windowOf } from '../../contract/task-id.ts';
import { isSealed } from './seals.ts';
import { readReported } from './settle.ts';
import type { Sql } from './sql.ts';
import { cancelled, writeTransitions } from './transitions.ts';

/**
 * Calls a task off. One that runs is cancelled at once, and its runner told by the next heartbeat. A task
 * that is cancelled already stays so.
 */
export function cancel(sql: Sql, taskId: string, now: number): CancelOutcome {
  if (isSealed(sql, windowOf(taskId))) return { sealed: true };
  const task = readReported(sql, [taskId]).get(taskId);
  switch (task?.state) {
    case undefined:
      return { unknown: true };
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
