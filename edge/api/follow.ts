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

/** `GET /tasks/:id/status`. With `?wait=SECONDS` it responds when the task has ended, or after that time. */
export const getStatus: ApiRoute = [
  {
    name: 'getTaskStatus',
    summary: 'Get the status of a task',
    description:
      'With `wait`, the response is sent when the task has ended, but after `wait` seconds at the latest.',
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

/** A stream sends at least a comment this often, so that no proxy closes it as idle. */
const KEEP_ALIVE_MS = 15_000;
/** How often a stream checks that its token is still configured. This isolate may have an old configuration. */
const CHECK_TOKEN_MS = 60_000;

/** If too many calls wait for a change, a stream ends, and its client reconnects after this time. */
const RECONNECT_MS = 5000;

/**
 * `GET /tasks/:id/events`: an event with the task's status for each change of status, attempt or progress, until
 * the task has ended. An event's id is a hash of the task's version, so a client that reconnects with
 * `Last-Event-ID` gets an event only if the task has changed. 204 means that there are no more events.
 */
export const followTask: ApiRoute = [
  {
    name: 'followTask',
    summary: 'Follow the status of a task by server-sent events',
    description:
      'Sends an event `status` for each change of status, attempt or progress. Its data is a `StatusView`. The stream ends when the task has ended. The response is 204 if the client has already received the last event.',
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
      const sendStatus = async () =>
        stream.writeSSE({
          event: 'status',
          id: await eventId(task),
          data: JSON.stringify(statusView(task)),
        });
      if (seen) await stream.write(':\n\n');
      else await sendStatus();
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
        else await sendStatus();
      }
    });
  },
];

async function eventId(task: TaskRow): Promise<string> {
  return String(await sha256(versionOf(task))).slice(0, 16);
}

/** Returns the task when it has changed or `timeoutMs` has passed; `busy` if too many calls wait. */
async function changed(c: ApiContext, task: TaskRow, timeoutMs: number): Promise<TaskRow | Busy> {
  const ledger = ledgerOf(c.env);
  let found = await ledger.awaitChange(task.id, versionOf(task), timeoutMs);
  // The task is still in the queue.
  if ('unknown' in found) found = await ledger.awaitChange(task.id, null, timeoutMs);
  if ('busy' in found) return found;
  return 'task' in found ? found.task : findTask(c, task.id);
}
