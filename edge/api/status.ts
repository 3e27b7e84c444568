import type { Context } from 'hono';
import type { StatusView, TaskView } from '../contract/api.ts';
import type { TaskRow } from '../contract/ledger.ts';
import { DEFAULT_MAX_ATTEMPTS } from '../contract/limits.ts';
import { type AcceptedTask, recordKey, type SubmissionRecord } from '../contract/submission.ts';
import { statusOf } from '../contract/task.ts';
import { createdAtOf, indexOf, submissionOf } from '../contract/task-id.ts';
import { ApiError } from '../http/errors.ts';
import { readTaskId } from '../http/input.ts';
import { ledgerOf } from '../http/ledger.ts';
import { iso } from '../http/time.ts';
import type { ApiEnv } from './env.ts';

type ApiContext = Context<{ Bindings: ApiEnv }>;

/** `GET /tasks/:id/status`. */
export async function getStatus(c: ApiContext): Promise<Response> {
  return c.json(statusView(await findTask(c.env, readTaskId(c))));
}

/** `GET /tasks/:id`. */
export async function getTask(c: ApiContext): Promise<Response> {
  return c.json(taskView(await findTask(c.env, readTaskId(c))));
}

/** A task as the ledger knows it, else as it was accepted: the queue is still carrying it. */
async function findTask(env: ApiEnv, id: string): Promise<TaskRow> {
  const live = await ledgerOf(env).find(id);
  if (live) return live;
  const record = await env.TASK_STORAGE.get<SubmissionRecord>(recordKey(submissionOf(id)), 'json');
  const accepted = record?.tasks[indexOf(id)];
  if (accepted) return waitingRow(id, accepted);
  throw new ApiError('task_not_found', 'Task not found', { taskId: id });
}

function waitingRow(id: string, task: AcceptedTask): TaskRow {
  const createdAt = createdAtOf(id);
  return {
    id,
    type: task.type,
    state: task.runAtMs === undefined ? 'ready' : 'scheduled',
    payload: JSON.stringify(task.payload),
    priority: task.priority,
    runAt: task.runAtMs ?? createdAt,
    receivedAt: createdAt,
    attempt: 0,
    maxAttempts: task.maxAttempts ?? DEFAULT_MAX_ATTEMPTS,
    timeoutSeconds: task.timeoutSeconds ?? null,
    tags: task.tags ?? null,
    claimedAt: null,
    completedAt: null,
    error: null,
    result: null,
    progress: null,
    attempts: [],
  };
}

export function statusView(task: TaskRow): StatusView {
  return {
    taskId: task.id,
    status: statusOf(task.state),
    type: task.type,
    createdAt: iso(createdAtOf(task.id)),
    ...(task.completedAt !== null && { completedAt: iso(task.completedAt) }),
    attempt: task.attempt,
    maxAttempts: task.maxAttempts,
    ...(task.state === 'scheduled' && { runAt: iso(task.runAt) }),
    ...(task.progress !== null && { progress: JSON.parse(task.progress) }),
    ...(task.error !== null && { error: task.error }),
  };
}

function taskView(task: TaskRow): TaskView {
  return {
    ...statusView(task),
    payload: JSON.parse(task.payload),
    ...(task.result !== null && { result: JSON.parse(task.result) }),
    priority: task.priority,
    ...(task.timeoutSeconds !== null && { timeoutSeconds: task.timeoutSeconds }),
    ...(task.tags !== null && { tags: task.tags }),
    attempts: task.attempts.map(({ startedAt, endedAt, ...attempt }) => ({
      ...attempt,
      startedAt: iso(startedAt),
      endedAt: iso(endedAt),
    })),
  };
}
