import type { Context } from 'hono';
import { type BufferList, BufferQuery, type Removed, type SingleClaim } from '../contract/buffer.ts';
import type { WorkRow } from '../contract/ledger.ts';
import type { TaskState } from '../contract/task.ts';
import { unlessBusy } from '../http/busy.ts';
import { ApiError, taskNotFound } from '../http/errors.ts';
import { readQuery, readTaskId } from '../http/input.ts';
import { ledgerOf } from '../platform/ledger.ts';
import { logOf } from '../platform/log.ts';
import type { BufferEnv } from './env.ts';
import { listedPayloads } from './listed-payloads.ts';
import { claimedPayloads } from './payloads.ts';
import { bufferedTaskJson, bufferStatusOf, claimedTaskJson } from './views.ts';

type BufferContext = Context<{ Bindings: BufferEnv }>;

/** `GET /tasks/ready`. */
export async function listReady(c: BufferContext): Promise<Response> {
  const { limit } = readQuery(c, BufferQuery);
  return answerList(c, unlessBusy<WorkRow[]>(await ledgerOf(c.env).ready(limit)));
}

/** `GET /tasks/all`: every task that has not ended. */
export async function listAlive(c: BufferContext): Promise<Response> {
  const { limit } = readQuery(c, BufferQuery);
  return answerList(c, unlessBusy<WorkRow[]>(await ledgerOf(c.env).listActive(limit)));
}

async function answerList(c: BufferContext, tasks: readonly WorkRow[]): Promise<Response> {
  const filled = await listedPayloads(c.env, tasks);
  const rest: Omit<BufferList, 'tasks'> = { count: filled.length, timestamp: new Date().toISOString() };
  const text = `{"tasks":[${filled.map(bufferedTaskJson).join(',')}],${JSON.stringify(rest).slice(1)}`;
  return c.body(text, 200, { 'Content-Type': 'application/json' });
}

/** `POST /tasks/:id/claim`. */
export async function claimSingle(c: BufferContext): Promise<Response> {
  const taskId = readTaskId(c);
  const grant = await ledgerOf(c.env).claimOne(taskId);
  if ('unknown' in grant) throw taskNotFound(taskId);
  if ('unavailable' in grant) throw notAvailable(taskId, grant.unavailable);
  if ('paused' in grant) throw notAvailable(taskId, 'ready', ': its type is paused');
  const { filled, postponed } = await claimedPayloads(c.env, grant.leaseId, [grant.claimed]);
  const [task] = filled;
  if (!task) throw notAvailable(taskId, postponed.length > 0 ? 'ready' : 'scheduled');
  const { leaseId, claimed } = grant;
  logOf(c.env).debug('A task was claimed', () => ({ taskId, leaseId, attempt: claimed.attempt }));
  const rest: Omit<SingleClaim, 'task'> = { success: true, message: 'Task claimed successfully' };
  const text = `${JSON.stringify(rest).slice(0, -1)},"task":${claimedTaskJson(task)}}`;
  return c.body(text, 200, { 'Content-Type': 'application/json' });
}

/** `POST /tasks/:id/complete`: a consumer is done with a task that it has reported to the API Worker. */
export async function removeSingle(c: BufferContext): Promise<Response> {
  const taskId = readTaskId(c);
  const found = await ledgerOf(c.env).find(taskId);
  if ('unknown' in found) throw taskNotFound(taskId);
  if ('task' in found && found.task.completedAt === null) {
    const currentStatus = bufferStatusOf(found.task.state);
    throw new ApiError('task_not_finished', 'Task not finished: report its result to the API Worker first', {
      taskId,
      currentStatus,
    });
  }
  const answer: Removed = { success: true, message: 'Task removed from buffer', taskId };
  return c.json(answer);
}

function notAvailable(taskId: string, state: TaskState, reason = ''): ApiError {
  return new ApiError('task_not_available', `Task not available${reason}`, {
    taskId,
    currentStatus: bufferStatusOf(state),
  });
}
