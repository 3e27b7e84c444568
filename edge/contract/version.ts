import type { TaskRow } from './ledger/tasks.ts';

/** The version of a task, as text. It changes only if a value changes that a follower of the task can see. */
export function versionOf({
  state,
  attempt,
  runAt,
  progress,
}: Pick<TaskRow, 'state' | 'attempt' | 'runAt' | 'progress'>): string {
  return JSON.stringify([state, attempt, runAt, progress]);
}
