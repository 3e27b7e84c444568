import { setTimeout as sleep } from 'node:timers/promises';
import type { TaskQueue } from '../../client/client.ts';
import { eachAtOnce } from '../edge-client.ts';

/** The maximum number of concurrent requests. */
const AT_ONCE = 32;

export interface Offer {
  readonly tasks: number;
  readonly tasksPerSecond: number;
  /** Tasks per request. */
  readonly size: number;
  /** Bytes of a task's payload, as JSON text. */
  readonly payloadBytes: number;
}

/**
 * Submits tasks with the typed client and its defaults at a given rate, or more slowly if the system accepts them
 * more slowly. A payload is `{ n, text }`.
 *
 * @returns the ids in order, and the achieved rate in tasks/s.
 */
export async function offer(queue: TaskQueue, { tasks, tasksPerSecond, size, payloadBytes }: Offer) {
  const requests = Array.from({ length: Math.ceil(tasks / size) }, (_, index) => index);
  const ids: string[][] = [];
  const startedAt = performance.now();
  await eachAtOnce(requests.values(), AT_ONCE, async (index) => {
    const first = index * size;
    await sleep(Math.max(0, startedAt + (first / tasksPerSecond) * 1000 - performance.now()));
    const count = Math.min(size, tasks - first);
    ids[index] = await submit(
      queue,
      Array.from({ length: count }, (_, n) => payloadOf(first + n, payloadBytes)),
    );
  });
  // The interval of the last request counts with its full length too.
  const seconds = Math.max(tasks / tasksPerSecond, (performance.now() - startedAt) / 1000);
  return { ids: ids.flat(), rate: tasks / seconds };
}

const TYPE = 'bench-noop';

async function submit(queue: TaskQueue, payloads: readonly object[]): Promise<string[]> {
  if (payloads.length === 1) return [await queue.submit(TYPE, payloads[0])];
  return queue.submitMany(payloads.map((payload) => ({ type: TYPE, payload })));
}

function payloadOf(n: number, bytes: number): object {
  const rest = bytes - JSON.stringify({ n, text: '' }).length;
  return { n, text: 'x'.repeat(rest) };
}
