import { type StatusView, TaskView } from '../contract/api.ts';
import type { NewTask, TaskRow } from '../contract/ledger/tasks.ts';
import { DEFAULT_MAX_ATTEMPTS, MAX_RUN_AHEAD_SECONDS } from '../contract/limits.ts';
import { valuesOf } from '../contract/per-type.ts';
import { scheduledRun } from '../contract/schedule.ts';
import { statusOf } from '../contract/task.ts';
import { createdAtOf, submissionOf } from '../contract/task-id.ts';
import { iso } from '../contract/time.ts';
import { ApiError, taskNotFound } from '../http/errors.ts';
import { CLAIMED_AT, ENDED_AT, RUNNER, STATUS, SUBMISSION } from '../http/examples.ts';
import { readTaskId } from '../http/input.ts';
import { ledgerOf } from '../platform/ledger.ts';
import { withPayloads } from '../platform/payloads.ts';
import { readArchived } from './cron/archive.ts';
import { archiveDays } from './cron/retention.ts';
import { sweepAfterMs } from './cron/sweep.ts';
import type { ApiContext, ApiEnv, ApiRoute } from './env.ts';
import { acceptedTask, clientReads, deliverSubmission } from './record-reads.ts';

/** `GET /tasks/:id`. */
export const getTask: ApiRoute = [
  {
    name: 'getTask',
    summary: 'Get a task with its payload, result and attempts',
    tag: 'Tasks',
    tokens: ['client'],
    answer: {
      schema: TaskView,
      example: {
        ...STATUS,
        payload: SUBMISSION.payload,
        result: { delivered: true },
        priority: 0,
        attempts: [{ attempt: 1, runner: RUNNER, startedAt: CLAIMED_AT, endedAt: ENDED_AT }],
      },
    },
    errors: ['invalid_request', 'task_not_found', 'unavailable'],
  },
  async (c) => {
    const { task, archived } = await locate(c, readTaskId(c));
    const { filled } = await withPayloads(c.env.TASK_STORAGE, [task], { gate: clientReads });
    if (filled[0]) return answerTask(c, filled[0]);
    // The record may expire before the archive.
    if (archived) return answerTask(c, task);
    throw new ApiError('unavailable', 'The payload of the task cannot be read now; try again', {
      taskId: task.id,
    });
  },
];

/** Finds a task in the ledger, or else in the archive, or else in its submission's record. */
export async function findTask(c: ApiContext, id: string): Promise<TaskRow> {
  return (await locate(c, id)).task;
}

async function locate(c: ApiContext, id: string): Promise<{ task: TaskRow; archived: boolean }> {
  const found = await ledgerOf(c.env).find(id);
  if ('task' in found) return { task: found.task, archived: false };
  return 'sealed' in found
    ? { task: await findArchived(c.env, id, found.rounds), archived: true }
    : { task: await findAccepted(c, id), archived: false };
}

const DAY_MS = 24 * 3_600_000;

/** By this age the archive of a task has been written and has expired. */
function forgottenAfterMs(env: ApiEnv): number {
  return 2 * MAX_RUN_AHEAD_SECONDS * 1000 + Math.max(...valuesOf(archiveDays(env))) * DAY_MS;
}

async function findArchived(env: ApiEnv, id: string, rounds: number): Promise<TaskRow> {
  const archived = await readArchived(env.TASK_STORAGE, id, rounds);
  if (archived === 'pending') {
    if (Date.now() - createdAtOf(id) > forgottenAfterMs(env)) throw taskNotFound(id);
    throw new ApiError('unavailable', 'The task is being archived; try again', { taskId: id });
  }
  if (archived === null) throw taskNotFound(id);
  return archived;
}

/** Reads a task that is still in the queue. If it has been there for too long, delivers it without the queue. */
async function findAccepted(c: ApiContext, id: string): Promise<TaskRow> {
  const accepted = await acceptedTask(c.env, id, 'none');
  if (!accepted) throw taskNotFound(id);
  if (createdAtOf(id) <= Date.now() - sweepAfterMs(c.env)) {
    c.executionCtx.waitUntil(deliverSubmission(c.env, submissionOf(id)));
  }
  return waitingRow(accepted);
}

function waitingRow({ id, ...task }: NewTask): TaskRow {
  const createdAt = createdAtOf(id);
  return {
    id,
    type: task.type,
    state: task.runAt === undefined ? 'ready' : 'scheduled',
    payload: task.payload,
    priority: task.priority,
    runAt: task.runAt ?? createdAt,
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

/** Payloads can have 10 MB, so the stored text is sent without parsing it. */
function answerTask(c: ApiContext, task: TaskRow): Response {
  const text = `${JSON.stringify(viewOf(task)).slice(0, -1)},"payload":${task.payload}}`;
  return c.body(text, 200, { 'Content-Type': 'application/json' });
}

function viewOf(task: TaskRow): Omit<TaskView, 'payload'> {
  return {
    ...statusView(task),
    ...(task.result !== null && { result: JSON.parse(task.result) }),
    priority: task.priority,
    ...(task.timeoutSeconds !== null && { timeoutSeconds: task.timeoutSeconds }),
    ...(task.tags !== null && { tags: task.tags }),
    ...(task.schedule && { schedule: scheduledRun(task.schedule) }),
    attempts: task.attempts.map(({ startedAt, endedAt, ...attempt }) => ({
      ...attempt,
      startedAt: iso(startedAt),
      endedAt: iso(endedAt),
    })),
  };
}
