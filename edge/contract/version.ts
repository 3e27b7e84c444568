import type { TaskRow } from './ledger/tasks.ts';

/** What a follower of a task sees change, as a text that is the same for as long as it does not. */
export function versionOf({
  state,
  attempt,
  runAt,
  progress,
}: Pick<TaskRow, 'state' | 'attempt' | 'runAt' | 'progress'>): string {
  return JSON.stringify([state, attempt, runAt, progress]);
}
