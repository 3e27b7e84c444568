import { isTaskId } from '../../edge/contract/task-id.ts';
import { TaskQueueError } from '../errors.ts';

/**
 * The path of a task.
 *
 * @throws {TaskQueueError} if the text is not a task id.
 */
export function pathOf(id: string): string {
  const known = id.toLowerCase();
  if (isTaskId(known)) return `/tasks/${known}`;
  throw new TaskQueueError('invalid_request', `Expected a task id as returned by a submission, got "${id}"`);
}
