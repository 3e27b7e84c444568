import { join } from 'node:path';
import { LedgerBed, MAIN_TYPES, reports } from './bed.ts';

/** Tasks a call, and how many tasks are measured by it. */
const SIZES: readonly (readonly [callSize: number, tasks: number])[] = [
  [1, 3000],
  [8, 8000],
  [100, 20_000],
  [1000, 20_000],
];

/** What a task takes in each call, in µs of CPU. */
export interface CoreCpu {
  readonly callSize: number;
  readonly insert: number;
  readonly claim: number;
  readonly settle: number;
}

/** Inserts, claims and settles tasks of one type by calls of several sizes. */
export function measureCore(folder: string, round: number): CoreCpu[] {
  return SIZES.map(([callSize, tasks]) => {
    const bed = new LedgerBed(join(folder, `core-${callSize}-${round}.sqlite`), tasks);
    const calls = tasks / callSize;
    const [type = ''] = MAIN_TYPES;
    // The first calls compile statements and code.
    for (let warm = 0; warm < 50; warm += 1) bed.ledger.settle(claimed(bed, 1, type));

    const inserts = Array.from({ length: calls }, () => bed.tasks(callSize, { type }));
    const insert = cpuOf(tasks, inserts, (batch) => bed.ledger.insert(batch));
    const orders = Array.from({ length: calls }, () => bed.order([type], callSize));
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

function claimed(bed: LedgerBed, count: number, type: string) {
  bed.ledger.insert(bed.tasks(count, { type }));
  const order = bed.order([type], count);
  return reports(
    order.leaseId,
    bed.ledger.claim(order).tasks.map(({ id }) => id),
  );
}

/** µs of CPU a task. */
function cpuOf<Item>(tasks: number, items: readonly Item[], call: (item: Item) => void): number {
  const before = process.cpuUsage();
  for (const item of items) call(item);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / tasks;
}
