import { setTimeout as sleep } from 'node:timers/promises';
import { Changed } from '../../contract/api.ts';
import { MAX_BATCH_TASKS } from '../../contract/limits.ts';
import { QueueStats } from '../../contract/stats.ts';
import type { EdgeUrls } from './edge.ts';
import { post } from './http.ts';
import { PROBE_TYPE } from './probe.ts';

const BUSY_TYPES = 500;
const PRIORITIES = 201;
const OTHER_TYPES = 9000;
const FILL_MS = 120_000;

interface Task {
  readonly type: string;
  readonly priority?: number;
  readonly payload?: unknown;
}

/** Fills an edge: 500 types with a task of every priority, 9,000 other types, and tasks to claim. */
export async function fill(edge: EdgeUrls): Promise<void> {
  const tasks: Task[] = [
    ...Array.from({ length: 100 }, () => ({ type: PROBE_TYPE })),
    ...Array.from({ length: OTHER_TYPES }, (_, index) => ({ type: `attacks/type-${index}` })),
    ...Array.from({ length: BUSY_TYPES * PRIORITIES }, (_, index) => ({
      type: `attacks/busy-${index % BUSY_TYPES}`,
      priority: Math.floor(index / BUSY_TYPES) - 100,
    })),
  ];
  for (let from = 0; from < tasks.length; from += MAX_BATCH_TASKS) {
    await post(`${edge.apiUrl}/tasks/batch`, { tasks: tasks.slice(from, from + MAX_BATCH_TASKS) });
  }
  await untilReady(edge, tasks.length);
}

/** Submits tasks, and waits until the ledger has them. */
export async function submit(edge: EdgeUrls, tasks: readonly Task[]): Promise<void> {
  const before = await countReady(edge);
  await post(`${edge.apiUrl}/tasks/batch`, { tasks });
  await untilReady(edge, before + tasks.length);
}

/** Cancels all tasks of a type. */
export async function cancelAll({ apiUrl }: EdgeUrls, type: string): Promise<void> {
  let cursor = '';
  do {
    const page = Changed.parse(await post(`${apiUrl}/tasks/cancel?type=${type}${cursor}`));
    cursor = page.nextCursor === undefined ? '' : `&cursor=${page.nextCursor}`;
  } while (cursor !== '');
}

async function untilReady(edge: EdgeUrls, count: number): Promise<void> {
  const end = performance.now() + FILL_MS;
  while ((await countReady(edge)) < count) {
    if (performance.now() > end)
      throw new Error(`The ledger did not accept ${count} tasks within ${FILL_MS / 1000} s`);
    await sleep(200);
  }
}

async function countReady({ apiUrl }: EdgeUrls): Promise<number> {
  const { counts } = QueueStats.parse(await (await fetch(`${apiUrl}/stats`)).json());
  return counts.ready ?? 0;
}
