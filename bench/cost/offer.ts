import { setTimeout as sleep } from 'node:timers/promises';
import { BatchSubmitted, Submitted } from '../../edge/contract/api.ts';
import type { Caller } from '../../edge/testing.ts';
import { eachAtOnce } from '../edge-client.ts';

/** Requests under way at one time, at most. */
const AT_ONCE = 32;

export interface Offer {
  readonly tasks: number;
  readonly tasksPerSecond: number;
  /** Tasks a request. */
  readonly size: number;
}

/**
 * Submits tasks `{ n }` at a rate, or as fast as they are taken where that is slower.
 *
 * @returns their ids in order, and the rate that was reached, in tasks/s.
 */
export async function offer(api: Caller, { tasks, tasksPerSecond, size }: Offer) {
  const requests = Array.from({ length: Math.ceil(tasks / size) }, (_, index) => index);
  const ids: string[][] = [];
  const startedAt = performance.now();
  await eachAtOnce(requests.values(), AT_ONCE, async (index) => {
    const first = index * size;
    await sleep(Math.max(0, startedAt + (first / tasksPerSecond) * 1000 - performance.now()));
    const count = Math.min(size, tasks - first);
    ids[index] = await submit(
      api,
      Array.from({ length: count }, (_, n) => ({ type: 'bench-noop', payload: { n: first + n } })),
    );
  });
  // The last request's turn has its full length, too.
  const seconds = Math.max(tasks / tasksPerSecond, (performance.now() - startedAt) / 1000);
  return { ids: ids.flat(), rate: tasks / seconds };
}

async function submit(api: Caller, tasks: readonly object[]): Promise<string[]> {
  if (tasks.length > 1) return (await api.read('/tasks/batch', BatchSubmitted, { tasks })).taskIds;
  return [(await api.read('/tasks', Submitted, tasks[0])).taskId];
}
