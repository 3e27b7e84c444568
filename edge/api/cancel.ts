import { CancelQuery, Changed, RetryQuery, StatusView } from '../contract/api.ts';
import type { Busy, CancelOutcome, ChangedPage, RetryOutcome } from '../contract/ledger/tasks.ts';
import { MAX_CHANGED_TASKS } from '../contract/limits.ts';
import { statusOf } from '../contract/task.ts';
import { unlessBusy } from '../http/busy.ts';
import { ApiError, taskNotFound } from '../http/errors.ts';
import { STATUS, TASK_ID } from '../http/examples.ts';
import { readQuery, readTaskId } from '../http/input.ts';
import { insertTasks, ledgerOf } from '../platform/ledger.ts';
import type { ApiContext, ApiRoute } from './env.ts';
import { ledgerFilter } from './filter.ts';
import { statesOf } from './list.ts';
import { acceptedTask } from './record-reads.ts';
import { statusView } from './status.ts';

const CHANGED = { success: true, taskIds: [TASK_ID], count: 1 };
const CHANGE_ERRORS = ['task_not_found', 'archived'] as const;

/** `POST /tasks/:id/cancel`. */
export const cancelTask: ApiRoute = [
  {
    name: 'cancelTask',
    summary: 'Cancel a task, even if it is running',
    tag: 'Tasks',
    tokens: ['client'],
    answer: { schema: StatusView, example: { ...STATUS, status: 'cancelled' } },
    errors: ['invalid_request', ...CHANGE_ERRORS, 'task_finished', 'full'],
  },
  async (c) => {
    const id = readTaskId(c);
    const ledger = ledgerOf(c.env);
    let outcome: CancelOutcome = await ledger.cancel(id);
    if ('unknown' in outcome) {
      // The task is still in the queue. Once the ledger has it, the later queue message changes nothing.
      const accepted = await acceptedTask(c.env, id, 'inline');
      if (!accepted) throw taskNotFound(id);
      const { full } = await insertTasks(c.env, [accepted]);
      if (full)
        throw new ApiError('full', 'The ledger is full and does not have the task yet; cancel it later');
      outcome = await ledger.cancel(id);
    }
    if ('changed' in outcome) return answerStatus(c, id);
    if ('refused' in outcome) {
      const currentStatus = statusOf(outcome.refused);
      throw new ApiError('task_finished', `The task has ended as ${currentStatus}`, {
        taskId: id,
        currentStatus,
      });
    }
    throw unchangeable(id, outcome);
  },
];

/** `POST /tasks/:id/retry`. */
export const retryTask: ApiRoute = [
  {
    name: 'retryTask',
    summary: 'Retry a failed or cancelled task, with all its attempts',
    tag: 'Tasks',
    tokens: ['client'],
    answer: {
      schema: StatusView,
      example: { ...STATUS, status: 'pending', completedAt: undefined, attempt: 0 },
    },
    errors: ['invalid_request', ...CHANGE_ERRORS, 'task_not_retryable'],
  },
  async (c) => {
    const id = readTaskId(c);
    const outcome: RetryOutcome = await ledgerOf(c.env).retry(id);
    if ('retried' in outcome) return answerStatus(c, id);
    if ('refused' in outcome) {
      const currentStatus = statusOf(outcome.refused);
      const message =
        currentStatus === 'failed'
          ? 'The task could not be stored as it was submitted, so it cannot be run: submit it again'
          : `Only a failed or cancelled task can be retried; this one is ${currentStatus}`;
      throw new ApiError('task_not_retryable', message, { taskId: id, currentStatus });
    }
    throw unchangeable(id, outcome);
  },
];

/** `POST /tasks/retry`: retries a page of the tasks that match, newest first. */
export const retryTasks: ApiRoute = [
  {
    name: 'retryTasks',
    summary: 'Retry the tasks that match the filters, up to 500 per call',
    description:
      'Newest tasks first. If the response has a `nextCursor`, more tasks may match: call again with it as `cursor`.',
    tag: 'Tasks',
    tokens: ['client'],
    query: RetryQuery,
    answer: { schema: Changed, example: CHANGED },
    errors: ['unavailable'],
  },
  async (c) => {
    const { status, since, ...filter } = readQuery(c, RetryQuery);
    const page = await ledgerOf(c.env).retryMany({
      ...ledgerFilter(filter),
      state: status,
      since: since === undefined ? 0 : Date.parse(since),
      limit: MAX_CHANGED_TASKS,
    });
    return answerChanged(c, page);
  },
];

/** `POST /tasks/cancel`: cancels a page of the tasks that match, newest first. */
export const cancelTasks: ApiRoute = [
  {
    name: 'cancelTasks',
    summary: 'Cancel the tasks that match the filters, up to 500 per call',
    description:
      'Newest tasks first. If the response has a `nextCursor`, more tasks may match: call again with it as `cursor`.',
    tag: 'Tasks',
    tokens: ['client'],
    query: CancelQuery,
    answer: { schema: Changed, example: CHANGED },
    errors: ['unavailable'],
  },
  async (c) => {
    const { status, ...filter } = readQuery(c, CancelQuery);
    const page = await ledgerOf(c.env).cancelMany({
      ...ledgerFilter(filter),
      states: statesOf(status),
      limit: MAX_CHANGED_TASKS,
    });
    return answerChanged(c, page);
  },
];

function answerChanged(c: ApiContext, page: ChangedPage | Busy): Response {
  const { changed, nextCursor } = unlessBusy<ChangedPage>(page);
  const answer: Changed = {
    success: true,
    taskIds: changed,
    count: changed.length,
    ...(nextCursor !== null && { nextCursor }),
  };
  return c.json(answer);
}

async function answerStatus(c: ApiContext, id: string): Promise<Response> {
  const found = await ledgerOf(c.env).find(id);
  if ('task' in found) return c.json(statusView(found.task));
  throw taskNotFound(id);
}

function unchangeable(id: string, outcome: { sealed: true } | { unknown: true }): ApiError {
  return 'sealed' in outcome
    ? new ApiError('archived', 'The task is archived and cannot be changed: submit it again', { taskId: id })
    : taskNotFound(id);
}
