import { StatusView, TaskView } from '../edge/contract/api.ts';
import { MAX_WAIT_SECONDS } from '../edge/contract/limits.ts';
import { TaskQueueError } from './errors.ts';
import { delay } from './http/delay.ts';
import type { Http } from './http/http.ts';
import { endedTask } from './http/response-schemas.ts';
import { pathOf } from './http/task-path.ts';
import type { WaitOptions } from './options.ts';
import type { EndedTask, TaskShape } from './types.ts';

/** Proxies usually allow an answer to take longer than this. */
const HOLD_SECONDS = Math.min(MAX_WAIT_SECONDS, 45);
/** The interval between calls if the worker answers at once. */
const POLL_MS = 1000;

/**
 * Waits until a task has ended.
 *
 * @throws {TaskQueueError} `wait_timeout` if it has not ended in time.
 */
export async function waitForEnd<Task extends TaskShape, Type extends string>(
  http: Http,
  id: string,
  { timeoutSeconds = Number.POSITIVE_INFINITY, signal }: WaitOptions,
): Promise<EndedTask<Task, Type>> {
  const until = performance.now() + timeoutSeconds * 1000;
  for (;;) {
    const askedAt = performance.now();
    const wait = Math.min(HOLD_SECONDS, Math.max(0, (until - askedAt) / 1000));
    const { status, completedAt } = await http.call(`${pathOf(id)}/status`, StatusView, {
      query: { wait },
      timeoutMs: (HOLD_SECONDS + 30) * 1000,
      signal,
    });
    if (completedAt !== undefined) {
      const task = await http.call(pathOf(id), TaskView, { signal });
      const ended = endedTask<Task, Type>().safeParse(task);
      if (ended.success) return ended.data;
    }
    const now = performance.now();
    if (now >= until) {
      throw new TaskQueueError(
        'wait_timeout',
        `The task ${id} has not ended within ${timeoutSeconds} s; its status is ${status}. Wait longer, or wait again`,
      );
    }
    await delay(Math.min(askedAt + POLL_MS, until) - now, signal);
  }
}
