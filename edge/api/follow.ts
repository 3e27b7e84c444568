import { streamSSE } from 'hono/streaming';
import { sha256 } from 'hono/utils/crypto';
import * as z from 'zod';
import { StatusQuery, StatusView } from '../contract/api.ts';
import type { Busy, TaskRow } from '../contract/ledger/tasks.ts';
import { versionOf } from '../contract/version.ts';
import { unlessBusy } from '../http/busy.ts';
import { STATUS } from '../http/examples.ts';
import { readQuery, readTaskId } from '../http/input.ts';
import { openedBy } from '../http/tickets.ts';
import { ledgerOf } from '../platform/ledger.ts';
import type { ApiContext, ApiRoute } from './env.ts';
import { findTask, statusView } from './status.ts';

const LastEventHeader = z.object({
  'Last-Event-ID': z
    .string()
    .optional()
    .meta({ description: 'The id of the last event that the client received' }),
});

/** `GET /tasks/:id/status`; with `?wait=SECONDS` once the task has ended, or after that time as it is then. */
export const getStatus: ApiRoute = [
  {
    name: 'getTaskStatus',
    summary: 'Get the status of a task',
    description: 'With `wait` the answer is held until the task has ended, at most this many seconds.',
    tag: 'Tasks',
    tokens: ['client'],
    query: StatusQuery,
    answer: { schema: StatusView, example: STATUS },
    errors: ['task_not_found', 'unavailable'],
  },
  async (c) => {
    const id = readTaskId(c);
    const { wait } = readQuery(c, StatusQuery);
    const until = Date.now() + wait * 1000;
    let task = await findTask(c, id);
    while (task.completedAt === null && Date.now() < until) {
      task = unlessBusy<TaskRow>(await changed(c, task, until - Date.now()));
    }
    return c.json(statusView(task));
  },
];

/** A stream says something this often, so that nothing on its way takes it for dead. */
const KEEP_ALIVE_MS = 15_000;
/** How often a stream checks that its token is still configured; this isolate may be older than a change. */
const CHECK_TOKEN_MS = 60_000;

/** If too many calls wait for a change, a stream ends, and its client comes back after this time. */
const RECONNECT_MS = 5000;

/**
 * `GET /tasks/:id/events`: an event with the task's status for each change of status, attempt or progress,
 * until the task has ended. An event's id says how the task was, so a client that comes back with
 * `Last-Event-ID` is told what has changed since; nothing comes after the end, and 204 says so.
 */
export const followTask: ApiRoute = [
  {
    name: 'followTask',
    summary: 'Follow the status of a task by server-sent events',
    description:
      'An event `status` for each change of status, attempt or progress, its data a `StatusView`; the stream ends when the task has. 204 where nothing will come any more.',
    tag: 'Tasks',
    tokens: ['client'],
    ticket: true,
    headers: LastEventHeader,
    answer: {
      text: { type: 'text/event-stream', description: 'event: status, id: …, data: a StatusView as JSON' },
    },
    errors: ['invalid_request', 'task_not_found', 'unavailable'],
  },
  async (c) => {
    let task = await findTask(c, readTaskId(c));
    const known = c.req.header('Last-Event-ID');
    const seen = known === (await eventId(task));
    if (seen && task.completedAt !== null) return c.body(null, 204);
    return streamSSE(c, async (stream) => {
      const tell = async () =>
        stream.writeSSE({
          event: 'status',
          id: await eventId(task),
          data: JSON.stringify(statusView(task)),
        });
      if (seen) await stream.write(':\n\n');
      else await tell();
      const openedAt = Date.now();
      let checkAt = openedAt + CHECK_TOKEN_MS;
      while (task.completedAt === null && !stream.aborted) {
        if (Date.now() >= checkAt) {
          if (await ledgerOf(c.env).isRevoked(openedBy(c), openedAt)) return;
          checkAt = Date.now() + CHECK_TOKEN_MS;
        }
        const before = versionOf(task);
        const next = await changed(c, task, KEEP_ALIVE_MS);
        if ('busy' in next) {
          await stream.write(`retry: ${RECONNECT_MS}\n\n`);
          return;
        }
        task = next;
        if (versionOf(task) === before) await stream.write(':\n\n');
        else await tell();
      }
    });
  },
];

async function eventId(task: TaskRow): Promise<string> {
  return String(await sha256(versionOf(task))).slice(0, 16);
}

/** The task when it has changed, or as it is after some time; `busy` if too many calls wait. */
async function changed(c: ApiContext, task: TaskRow, timeoutMs: number): Promise<TaskRow | Busy> {
  const ledger = ledgerOf(c.env);
  let found = await ledger.awaitChange(task.id, versionOf(task), timeoutMs);
  // The queue is still carrying it.
  if ('unknown' in found) found = await ledger.awaitChange(task.id, null, timeoutMs);
  if ('busy' in found) return found;
  return 'task' in found ? found.task : findTask(c, task.id);
}
