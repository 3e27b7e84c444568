import { BufferList, BufferQuery, Removed, SingleClaim } from '../contract/buffer.ts';
import type { WorkRow } from '../contract/ledger/tasks.ts';
import type { TaskState } from '../contract/task.ts';
import { unlessBusy } from '../http/busy.ts';
import { ApiError, taskNotFound } from '../http/errors.ts';
import { ENDED_AT, TASK_ID } from '../http/examples.ts';
import { readQuery, readTaskId } from '../http/input.ts';
import { ledgerOf } from '../platform/ledger.ts';
import { logOf } from '../platform/log.ts';
import type { BufferContext, BufferRoute } from './env.ts';
import { CLAIMED, TASK } from './examples.ts';
import { claimedPayloads } from './payloads/claimed.ts';
import { listedPayloads } from './payloads/listed.ts';
import { bufferedTaskJson, bufferStatusOf, claimedTaskJson } from './views.ts';

const LIST_BOUNDS =
  'Returns at most 500 tasks, 1 MB of payloads after the first task, and tasks of four submissions with payloads over 96 KB. The other tasks are listed once these tasks are claimed.';
const LIST = { schema: BufferList, example: { tasks: [TASK], count: 1, timestamp: ENDED_AT } };

/** `GET /tasks/ready`. */
export const listReady: BufferRoute = [
  {
    name: 'listReadyTasks',
    summary: 'List the tasks that can be claimed now, in the order of claims',
    description: LIST_BOUNDS,
    tag: 'Consumers of single tasks',
    tokens: ['runner', 'client'],
    query: BufferQuery,
    answer: LIST,
    errors: ['unavailable'],
  },
  async (c) => {
    const { limit } = readQuery(c, BufferQuery);
    return answerList(c, unlessBusy<WorkRow[]>(await ledgerOf(c.env).ready(limit)));
  },
];

/** `GET /tasks/all`: every task that has not ended. */
export const listAlive: BufferRoute = [
  {
    name: 'listAliveTasks',
    summary: 'List the tasks that have not ended',
    description: LIST_BOUNDS,
    tag: 'Consumers of single tasks',
    tokens: ['runner', 'client'],
    query: BufferQuery,
    answer: LIST,
    errors: ['unavailable'],
  },
  async (c) => {
    const { limit } = readQuery(c, BufferQuery);
    return answerList(c, unlessBusy<WorkRow[]>(await ledgerOf(c.env).listActive(limit)));
  },
];

async function answerList(c: BufferContext, tasks: readonly WorkRow[]): Promise<Response> {
  const filled = await listedPayloads(c.env, tasks);
  const rest: Omit<BufferList, 'tasks'> = { count: filled.length, timestamp: new Date().toISOString() };
  const text = `{"tasks":[${filled.map(bufferedTaskJson).join(',')}],${JSON.stringify(rest).slice(1)}`;
  return c.body(text, 200, { 'Content-Type': 'application/json' });
}

/** `POST /tasks/:id/claim`. */
export const claimTask: BufferRoute = [
  {
    name: 'claimTask',
    summary: 'Claim one task',
    description: 'The task is held for five minutes, or for its `timeoutSeconds` if that is longer.',
    tag: 'Consumers of single tasks',
    tokens: ['runner'],
    answer: {
      schema: SingleClaim,
      example: { success: true, task: CLAIMED, message: 'Task claimed successfully' },
    },
    errors: ['invalid_request', 'task_not_found', 'task_not_available'],
  },
  async (c) => {
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
  },
];

/** `POST /tasks/:id/complete`: confirms that a consumer has reported the task to the API Worker. */
export const removeTask: BufferRoute = [
  {
    name: 'removeTask',
    summary: 'Confirm that a reported task can be removed from the buffer',
    tag: 'Consumers of single tasks',
    tokens: ['runner'],
    answer: {
      schema: Removed,
      example: { success: true, message: 'Task removed from buffer', taskId: TASK_ID },
    },
    errors: ['invalid_request', 'task_not_found', 'task_not_finished'],
  },
  async (c) => {
    const taskId = readTaskId(c);
    const found = await ledgerOf(c.env).find(taskId);
    if ('unknown' in found) throw taskNotFound(taskId);
    if ('task' in found && found.task.completedAt === null) {
      const currentStatus = bufferStatusOf(found.task.state);
      throw new ApiError(
        'task_not_finished',
        'Task not finished: report its result to the API Worker first',
        {
          taskId,
          currentStatus,
        },
      );
    }
    const answer: Removed = { success: true, message: 'Task removed from buffer', taskId };
    return c.json(answer);
  },
];

function notAvailable(taskId: string, state: TaskState, reason = ''): ApiError {
  return new ApiError('task_not_available', `Task not available${reason}`, {
    taskId,
    currentStatus: bufferStatusOf(state),
  });
}
