import type { Context } from 'hono';
import { ListQuery, type TaskList } from '../contract/api.ts';
import { statusOf, TaskState } from '../contract/task.ts';
import { createdAtOf } from '../contract/task-id.ts';
import { readQuery } from '../http/input.ts';
import { ledgerOf } from '../http/ledger.ts';
import { iso } from '../http/time.ts';
import type { ApiEnv } from './env.ts';

/** `GET /tasks`. */
export async function listTasks(c: Context<{ Bindings: ApiEnv }>): Promise<Response> {
  const { status, ...query } = readQuery(c, ListQuery);
  const states = status && TaskState.options.filter((state) => statusOf(state) === status);
  const page = await ledgerOf(c.env).list({ ...query, states });
  const tasks = page.tasks.map(({ id, type, state, attempt, completedAt }) => ({
    id,
    type,
    status: statusOf(state),
    attempt,
    createdAt: iso(createdAtOf(id)),
    ...(completedAt !== null && { completedAt: iso(completedAt) }),
  }));
  const answer: TaskList = {
    tasks,
    count: tasks.length,
    ...(page.nextCursor !== null && { nextCursor: page.nextCursor }),
  };
  return c.json(answer);
}
