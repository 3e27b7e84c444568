import { ListQuery, TaskList } from '../contract/api.ts';
import type { TaskPage } from '../contract/ledger/tasks.ts';
import { statusOf, TaskState, type TaskStatus } from '../contract/task.ts';
import { createdAtOf } from '../contract/task-id.ts';
import { iso } from '../contract/time.ts';
import { unlessBusy } from '../http/busy.ts';
import { CREATED_AT, TASK_ID } from '../http/examples.ts';
import { readQuery } from '../http/input.ts';
import { ledgerOf } from '../platform/ledger.ts';
import type { ApiRoute } from './env.ts';
import { ledgerFilter } from './filter.ts';

/** `GET /tasks`. */
export const listTasks: ApiRoute = [
  {
    name: 'listTasks',
    summary: 'List tasks, newest first',
    description:
      'A call with filters scans at most 10,000 tasks, so it may return fewer than `limit` tasks, or none, although older tasks match. Call again with `cursor` set to `nextCursor`. The list is complete when the response has no `nextCursor`.',
    tag: 'Tasks',
    tokens: ['client'],
    query: ListQuery,
    answer: {
      schema: TaskList,
      example: {
        tasks: [{ id: TASK_ID, type: 'email', status: 'pending', attempt: 0, createdAt: CREATED_AT }],
        count: 1,
      },
    },
    errors: ['unavailable'],
  },
  async (c) => {
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
  },
];

/** The ledger states that clients see as a status; undefined for all states. */
export function statesOf(status: TaskStatus | undefined): TaskState[] | undefined {
  return status && TaskState.options.filter((state) => statusOf(state) === status);
}
