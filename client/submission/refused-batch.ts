import { TaskQueueError } from '../errors.ts';

/** The error of a batch, with indexes that count from the first task of all batches. */
export function countedFrom(first: number, error: unknown): unknown {
  if (!(error instanceof TaskQueueError) || first === 0 || error.issues === undefined) return error;
  const issues = error.issues.map(({ path, message }) => ({
    path: path.replace(/^tasks\.(\d+)/, (_, index) => `tasks.${first + Number(index)}`),
    message,
  }));
  const message = issues[0] ? `${issues[0].path}: ${issues[0].message}` : error.message;
  return new TaskQueueError(error.code, message, { ...error, issues });
}

/** The same error, with the tasks that were submitted before it. */
export function afterSubmitting(submitted: readonly string[], error: unknown): unknown {
  if (!(error instanceof TaskQueueError)) return error;
  const message =
    submitted.length === 0
      ? error.message
      : `${error.message} (${submitted.length} tasks were submitted before it)`;
  return new TaskQueueError(error.code, message, { ...error, cause: error.cause, submitted });
}
