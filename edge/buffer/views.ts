import type { BufferedTask, BufferStatus, ClaimedTask } from '../contract/buffer.ts';
import type { WorkRow } from '../contract/ledger.ts';
import type { TaskState } from '../contract/task.ts';
import { createdAtOf } from '../contract/task-id.ts';
import { iso } from '../http/time.ts';

/** What a consumer sees of a ledger state. */
export function bufferStatusOf(state: TaskState): BufferStatus {
  return state === 'leased' ? 'processing' : state;
}

export function bufferedTask(task: WorkRow): BufferedTask {
  return {
    taskId: task.id,
    id: task.id,
    type: task.type,
    payload: task.payload === null ? null : JSON.parse(task.payload),
    createdAt: iso(createdAtOf(task.id)),
    receivedAt: iso(task.receivedAt),
    status: bufferStatusOf(task.state),
    ...(task.claimedAt !== null && { claimedAt: iso(task.claimedAt) }),
  };
}

/** A claimed task as JSON text; its payload is text already. */
export function claimedTaskJson(task: WorkRow): string {
  const view: Omit<ClaimedTask, 'payload'> = claimedTask({ ...task, payload: null });
  return `${JSON.stringify({ ...view, payload: undefined }).slice(0, -1)},"payload":${task.payload}}`;
}

export function claimedTask(task: WorkRow): ClaimedTask {
  return {
    ...bufferedTask(task),
    attempt: task.attempt,
    maxAttempts: task.maxAttempts,
    ...(task.timeoutSeconds !== null && { timeoutSeconds: task.timeoutSeconds }),
  };
}
