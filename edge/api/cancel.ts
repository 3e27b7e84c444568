import type { Context } from 'hono';
import { CancelQuery, type Changed, RetryQuery } from '../contract/api.ts';
import type { Busy, CancelOutcome, ChangedPage, RetryOutcome } from '../contract/ledger.ts';
import { MAX_CHANGED_TASKS } from '../contract/limits.ts';
import { statusOf } from '../contract/task.ts';
import { unlessBusy } from '../http/busy.ts';
import { ApiError, taskNotFound } from '../http/errors.ts';
import { readQuery, readTaskId } from '../http/input.ts';
import { insertTasks, ledgerOf } from '../platform/ledger.ts';
import type { ApiEnv } from './env.ts';
import { ledgerFilter } from './filter.ts';
import { statesOf } from './list.ts';
import { acceptedTask } from './record-reads.ts';
import { statusView } from './status.ts';

type ApiContext = Context<{ Bindings: ApiEnv }>;

/** `POST /tasks/:id/cancel`. */
export async function cancelTask(c: ApiContext): Promise<Response> {
  const id = readTaskId(c);
  const ledger = ledgerOf(c.env);
  let outcome: CancelOutcome = await ledger.cancel(id);
  if ('unknown' in outcome) {
    // The queue is still carrying it: once it is in the ledger, what arrives later changes nothing.
    const accepted = await acceptedTask(c.env, id, 'inline');
    if (!accepted) throw taskNotFound(id);
    const { full } = await insertTasks(c.env, [accepted]);
    if (full)
      throw new ApiError('full', 'The ledger is full and has not taken the task in yet; cancel it later');
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
}

/** `POST /tasks/:id/retry`. */
export async function retryTask(c: ApiContext): Promise<Response> {
  const id = readTaskId(c);
  const outcome: RetryOutcome = await ledgerOf(c.env).retry(id);
  if ('retried' in outcome) return answerStatus(c, id);
  if ('refused' in outcome) {
    const currentStatus = statusOf(outcome.refused);
    const message =
      currentStatus === 'failed'
        ? 'The task could not be taken in as it was submitted, so it cannot be run: submit it anew'
        : `Only a failed or cancelled task can be retried; this one is ${currentStatus}`;
    throw new ApiError('task_not_retryable', message, { taskId: id, currentStatus });
  }
  throw unchangeable(id, outcome);
}

/** `POST /tasks/retry`: a page of the tasks that failed, newest first. */
export async function retryTasks(c: ApiContext): Promise<Response> {
  const { status, since, ...filter } = readQuery(c, RetryQuery);
  const page = await ledgerOf(c.env).retryMany({
    ...ledgerFilter(filter),
    state: status,
    since: since === undefined ? 0 : Date.parse(since),
    limit: MAX_CHANGED_TASKS,
  });
  return answerChanged(c, page);
}

/** `POST /tasks/cancel`: a page of the tasks that wait or run, newest first. */
export async function cancelTasks(c: ApiContext): Promise<Response> {
  const { status, ...filter } = readQuery(c, CancelQuery);
  const page = await ledgerOf(c.env).cancelMany({
    ...ledgerFilter(filter),
    states: statesOf(status),
    limit: MAX_CHANGED_TASKS,
  });
  return answerChanged(c, page);
}

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
    ? new ApiError('archived', 'The task ended long ago and is archived: submit it anew', { taskId: id })
    : taskNotFound(id);
}
