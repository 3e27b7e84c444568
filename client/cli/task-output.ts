import type { StatusView, TaskView } from '../client.ts';
import { EXIT } from './exit-codes.ts';
import { ago, printColumns, printJson, short } from './output.ts';

/** The number of characters of a payload, progress or result to show. */
const SHOWN = 1000;

type ShownTask = Omit<TaskView, 'type'> & { readonly type: string };

/** Prints a task. */
export async function printTask(task: ShownTask, json: boolean): Promise<void> {
  if (json) return printJson(task);
  const rows: [string, string | undefined][] = [
    ['task', task.taskId],
    ['type', task.type],
    ['status', statusLine(task)],
    ['created', `${task.createdAt} (${ago(task.createdAt)})`],
    ['runs', task.runAt],
    ['ended', task.completedAt && `${task.completedAt} (${ago(task.completedAt)})`],
    ['priority', task.priority === 0 ? undefined : String(task.priority)],
    ['tags', task.tags?.join(', ')],
    ['payload', short(task.payload, SHOWN)],
    ['progress', task.progress === undefined ? undefined : short(task.progress, SHOWN)],
    ['result', task.result === undefined ? undefined : short(task.result, SHOWN)],
    ['error', task.error && `${task.error.code}: ${task.error.message}`],
    ...task.attempts.map(({ attempt, runner, startedAt, endedAt, error }): [string, string] => [
      `attempt ${attempt}`,
      [
        `${(Date.parse(endedAt) - Date.parse(startedAt)) / 1000} s on ${runner}`,
        error ? `${error.code}: ${error.message}` : 'completed',
      ].join(', '),
    ]),
  ];
  await printColumns(rows.flatMap(([name, value]) => (value ? [[name, value]] : [])));
}

/** Prints a task that has ended, and sets the exit code if it has not completed. */
export async function printEnded(task: ShownTask, json: boolean): Promise<void> {
  await printTask(task, json);
  if (task.status !== 'completed') process.exitCode = EXIT.notCompleted;
}

/** A status for people, such as `processing, attempt 1 of 3`. */
export function statusLine({ status, attempt, maxAttempts }: StatusView | ShownTask): string {
  return attempt === 0 ? status : `${status}, attempt ${attempt} of ${maxAttempts}`;
}
