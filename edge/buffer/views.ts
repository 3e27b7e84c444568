import type { BufferedTask, BufferStatus, ClaimedTask } from '../contract/buffer.ts';
import type { ClaimGrant, SerializedGrant } from '../contract/ledger/leases.ts';
import type { WorkRow } from '../contract/ledger/tasks.ts';
import { scheduledRun } from '../contract/schedule.ts';
import type { TaskState } from '../contract/task.ts';
import { createdAtOf } from '../contract/task-id.ts';
import { iso } from '../contract/time.ts';

/** The status that a consumer sees for a ledger state. */
export function bufferStatusOf(state: TaskState): BufferStatus {
  return state === 'leased' ? 'processing' : state;
}

function bufferedTask(task: WorkRow): BufferedTask {
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

export function claimedTask(task: WorkRow): ClaimedTask {
  return {
    ...bufferedTask(task),
    attempt: task.attempt,
    maxAttempts: task.maxAttempts,
    ...(task.timeoutSeconds !== null && { timeoutSeconds: task.timeoutSeconds }),
    ...(task.priority !== 0 && { priority: task.priority }),
    ...(task.schedule && { schedule: scheduledRun(task.schedule) }),
  };
}

/** Writes a grant's tasks as JSON text, except tasks whose payload is stored in a record. */
export function serializedGrant({ tasks, ...grant }: ClaimGrant): SerializedGrant {
  const items: (string | WorkRow)[] = [];
  let texts: string[] = [];
  const flush = () => {
    if (texts.length > 0) items.push(texts.join(','));
    texts = [];
  };
  for (const task of tasks) {
    if (task.payload !== null) {
      texts.push(claimedTaskJson(task));
      continue;
    }
    flush();
    items.push(task);
  }
  flush();
  return { ...grant, tasks: items };
}

/** A claimed task as JSON text. Its payload is never parsed. */
export function claimedTaskJson(task: WorkRow): string {
  return withPayload(claimedTask({ ...task, payload: null }), task.payload);
}

/** A task as JSON text. Its payload is never parsed. */
export function bufferedTaskJson(task: WorkRow): string {
  return withPayload(bufferedTask({ ...task, payload: null }), task.payload);
}

function withPayload({ payload: _, ...view }: BufferedTask, payload: string | null): string {
  return `${JSON.stringify(view).slice(0, -1)},"payload":${payload}}`;
}
