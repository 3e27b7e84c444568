import type { NewTask } from '../../edge/contract/ledger/tasks.ts';
import { LedgerBed, MAIN_TYPES, reports } from './bed.ts';

/** The number of tasks per call, and the number of tasks that are measured with it. */
const SIZES: readonly (readonly [callSize: number, tasks: number])[] = [
  [1, 3000],
  [8, 8000],
  [100, 20_000],
  [1000, 20_000],
];

/** The CPU time of a task in each call, in µs. */
export interface CoreCpu {
  readonly callSize: number;
  readonly insert: number;
  readonly claim: number;
  readonly settle: number;
}

const PAYLOAD = JSON.stringify({ text: 'x'.repeat(590) });

/**
 * Inserts, claims and settles tasks of five types in memory, with payloads of 600 bytes and several call sizes.
 */
export function measureCore(): CoreCpu[] {
  return SIZES.map(([callSize, tasks]) => {
    const bed = new LedgerBed(':memory:', tasks);
    const calls = tasks / callSize;
    // The first calls compile statements and code.
    for (let warm = 0; warm < 50; warm += 1) bed.ledger.settle(claimed(bed, 1));

    const inserts = Array.from({ length: calls }, () => newTasks(bed, callSize));
    const insert = cpuOf(tasks, inserts, (batch) => bed.ledger.insert(batch));
    const orders = Array.from({ length: calls }, () => bed.order(MAIN_TYPES, callSize));
    const grants = new Map<string, string[]>();
    const claim = cpuOf(tasks, orders, (order) => {
      grants.set(
        order.leaseId,
        bed.ledger.claim(order).tasks.map(({ id }) => id),
      );
    });
    const results = [...grants].map(([leaseId, ids]) =>
      ids.map((taskId) => ({ taskId, leaseId, success: true, result: '{"n":1}' })),
    );
    const settle = cpuOf(tasks, results, (batch) => bed.ledger.settle(batch));
    bed.close();
    return { callSize, insert, claim, settle };
  });
}

function newTasks(bed: LedgerBed, count: number): NewTask[] {
  return bed
    .tasks(count, { payload: PAYLOAD })
    .map((task, index) => ({ ...task, type: MAIN_TYPES[index % MAIN_TYPES.length] ?? '' }));
}

function claimed(bed: LedgerBed, count: number) {
  bed.ledger.insert(newTasks(bed, count));
  const order = bed.order(MAIN_TYPES, count);
  return reports(
    order.leaseId,
    bed.ledger.claim(order).tasks.map(({ id }) => id),
  );
}

/** The CPU time per task, in µs. */
function cpuOf<Item>(tasks: number, items: readonly Item[], call: (item: Item) => void): number {
  const before = process.cpuUsage();
  for (const item of items) call(item);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / tasks;
}
