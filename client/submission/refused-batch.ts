import { TaskQueueError } from '../errors.ts';

/** What is wrong with a batch, told of the task's place among all. */
export function countedFrom(first: number, error: unknown): unknown {
  if (!(error instanceof TaskQueueError) || first === 0 || error.issues === undefined) return error;
  const issues = error.issues.map(({ path, message }) => ({
    path: path.replace(/^tasks\.(\d+)/, (_, index) => `tasks.${first + Number(index)}`),
    message,
  }));
  const message = issues[0] ? `${issues[0].path}: ${issues[0].message}` : error.message;
  return new TaskQueueError(error.code, message, { ...error, issues });
}

/** The same failure, with the tasks that were submitted before it. */
export function afterSubmitting(submitted: readonly string[], error: unknown): unknown {
  if (!(error instanceof TaskQueueError)) return error;
  const message =
    submitted.length === 0
      ? error.message
      : `${error.message} (${submitted.length} tasks before it are submitted)`;
  return new TaskQueueError(error.code, message, { ...error, cause: error.cause, submitted });
}
