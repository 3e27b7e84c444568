import { randomUUID } from 'node:crypto';
import { type BenchClient, eachAtOnce } from './edge-client.ts';

export interface Drain {
  readonly tasks: number;
  /** Tasks per claim. */
  readonly size: number;
  /** Number of concurrent requests. */
  readonly clients: number;
  /** Whether the results of a claim's tasks are reported before the next claim. */
  readonly settle: boolean;
}

let drains = 0;

/**
 * Loads tasks and then claims all of them, and settles them if requested. No runner runs tasks of their type.
 * Settled tasks are read back.
 *
 * @returns the rate in tasks per second, and the number of tasks that were claimed twice.
 */
export async function drain(client: BenchClient, { tasks, size, clients, settle }: Drain) {
  drains += 1;
  const type = `bench-drained-${drains}`;
  const ids = await client.load(Array.from({ length: tasks }, (_, n) => ({ type, payload: { n } })));
  const claimed = new Map<string, number>();
  const startedAt = performance.now();
  await eachAtOnce(Array(Math.ceil(tasks / size)).keys(), clients, async () => {
    const leaseId = randomUUID();
    const claim = await client.claim({ leaseId, runner: 'bench', wants: [{ types: [type], limit: size }] });
    for (const { taskId } of claim.tasks) claimed.set(taskId, (claimed.get(taskId) ?? 0) + 1);
    if (!settle || claim.tasks.length === 0) return;
    const results = claim.tasks.map(({ taskId, payload }) => ({
      taskId,
      leaseId,
      success: true,
      result: payload,
    }));
    const { outcomes } = await client.settle({ results });
    const refused = outcomes.find(({ status }) => status !== 'completed');
    if (refused || outcomes.length !== results.length) {
      throw new Error(`Of ${results.length} results, not all were accepted: ${JSON.stringify(refused)}`);
    }
  });
  const seconds = (performance.now() - startedAt) / 1000;
  const missing = ids.filter((id) => !claimed.has(id)).length;
  if (missing > 0) throw new Error(`${missing} of ${tasks} tasks were not claimed`);
  if (settle) {
    await client.verify(type, ids, (result, n) => JSON.stringify(result) === JSON.stringify({ n }));
  }
  const claimedTwice = [...claimed.values()].filter((times) => times > 1).length;
  return { rate: tasks / seconds, claimedTwice };
}
