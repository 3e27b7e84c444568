import type { TaskRow } from './ledger/tasks.ts';

/** The values of a task whose changes a follower sees, as text. The text changes only if one of them does. */
export function versionOf({
  state,
  attempt,
  runAt,
  progress,
}: Pick<TaskRow, 'state' | 'attempt' | 'runAt' | 'progress'>): string {
  return JSON.stringify([state, attempt, runAt, progress]);
}
