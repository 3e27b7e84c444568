import type { Context } from 'hono';
import { ListQuery, type TaskList } from '../contract/api.ts';
import type { TaskPage } from '../contract/ledger.ts';
import { statusOf, TaskState, type TaskStatus } from '../contract/task.ts';
import { createdAtOf } from '../contract/task-id.ts';
import { iso } from '../contract/time.ts';
import { unlessBusy } from '../http/busy.ts';
import { readQuery } from '../http/input.ts';
import { ledgerOf } from '../platform/ledger.ts';
import type { ApiEnv } from './env.ts';
import { ledgerFilter } from './filter.ts';

/** `GET /tasks`. */
export async function listTasks(c: Context<{ Bindings: ApiEnv }>): Promise<Response> {
  const { status, limit, ...filter } = readQuery(c, ListQuery);
  const found = { ...ledgerFilter(filter), states: statesOf(status), limit };
  const page = unlessBusy<TaskPage>(await ledgerOf(c.env).list(found));
  const tasks = page.tasks.map(({ id, type, state, attempt, completedAt, tags }) => ({
    id,
    type,
    status: statusOf(state),
    attempt,
    createdAt: iso(createdAtOf(id)),
    ...(completedAt !== null && { completedAt: iso(completedAt) }),
    ...(tags !== null && { tags }),
  }));
  const answer: TaskList = {
    tasks,
    count: tasks.length,
    ...(page.nextCursor !== null && { nextCursor: page.nextCursor }),
  };
  return c.json(answer);
}

/** The states that are shown as a status; undefined where any will do. */
export function statesOf(status: TaskStatus | undefined): TaskState[] | undefined {
  return status && TaskState.options.filter((state) => statusOf(state) === status);
}
