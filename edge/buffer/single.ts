import type { Context } from 'hono';
import { type BufferList, BufferQuery, type Removed, type SingleClaim } from '../contract/buffer.ts';
import type { WorkRow } from '../contract/ledger.ts';
import { ApiError } from '../http/errors.ts';
import { readQuery, readTaskId } from '../http/input.ts';
import { ledgerOf } from '../http/ledger.ts';
import type { BufferEnv } from './env.ts';
import { bufferedTask, bufferStatusOf, claimedTask } from './views.ts';

type BufferContext = Context<{ Bindings: BufferEnv }>;

/** `GET /tasks/ready`. */
export async function listReady(c: BufferContext): Promise<Response> {
  const { limit } = readQuery(c, BufferQuery);
  return answerList(c, await ledgerOf(c.env).ready(limit));
}

/** `GET /tasks/all`: every task that has not ended. */
export async function listAlive(c: BufferContext): Promise<Response> {
  const { limit } = readQuery(c, BufferQuery);
  return answerList(c, await ledgerOf(c.env).alive(limit));
}

function answerList(c: BufferContext, tasks: readonly WorkRow[]): Response {
  const answer: BufferList = {
    tasks: tasks.map(bufferedTask),
    count: tasks.length,
    timestamp: new Date().toISOString(),
  };
  return c.json(answer);
}

/** `POST /tasks/:id/claim`. */
export async function claimSingle(c: BufferContext): Promise<Response> {
  const taskId = readTaskId(c);
  const grant = await ledgerOf(c.env).claimOne(taskId);
  if ('unknown' in grant) throw notFound(taskId);
  if ('unavailable' in grant) {
    const currentStatus = bufferStatusOf(grant.unavailable);
    throw new ApiError('task_not_available', 'Task not available', { taskId, currentStatus });
  }
  const answer: SingleClaim = {
    success: true,
    task: claimedTask(grant.claimed),
    message: 'Task claimed successfully',
  };
  return c.json(answer);
}

/** `POST /tasks/:id/complete`: a consumer is done with a task that it has reported to the API Worker. */
export async function removeSingle(c: BufferContext): Promise<Response> {
  const taskId = readTaskId(c);
  const task = await ledgerOf(c.env).find(taskId);
  if (!task) throw notFound(taskId);
  if (task.completedAt === null) {
    const currentStatus = bufferStatusOf(task.state);
    throw new ApiError('task_not_finished', 'Task not finished: report its result to the API Worker first', {
      taskId,
      currentStatus,
    });
  }
  const answer: Removed = { success: true, message: 'Task removed from buffer', taskId };
  return c.json(answer);
}

function notFound(taskId: string): ApiError {
  return new ApiError('task_not_found', 'Task not found', { taskId });
}
