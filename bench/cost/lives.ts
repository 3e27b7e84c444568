/** What tasks use from their submission to the deletion of their rows. */
import { join } from 'node:path';
import { z } from 'zod';
import { StatusView, TaskList } from '../../edge/contract/api.ts';
import { until } from '../edge-client.ts';
import { SpecConsumer } from '../spec/consumer.ts';
import { SpecSystem } from '../spec/system.ts';
import { type Offer, offer } from './offer.ts';
import { between, eachOperation, type Operations, perTask, sum } from './operations.ts';
import { CostSystem, countedBy } from './system.ts';

const MINUTE_MS = 60_000;
/** While a window is recent each run of the cron job sweeps it; later it is swept once more for sure. */
const SWEPT_AFTER_MS = [1, 2, 3, 4, 5].map((minutes) => minutes * MINUTE_MS);
/** By now every window is closed and archived, and six minutes later its rows may be deleted. */
const ARCHIVED_AFTER_MS = 20 * MINUTE_MS;
const PURGED_AFTER_MS = 26 * MINUTE_MS;

/** How often the specification's consumer polls, and what a list of KV shows at most. */
const SPEC_POLL_SECONDS = 5;
const LISTED_KEYS = 1000;

const Result = z.object({ n: z.int() });

export interface Life {
  /** What a task used. */
  readonly task: Operations;
  /** Tasks submitted a second. */
  readonly rate: number;
}

/** Offers tasks to this system while a runner completes them, then archives them and deletes their rows. */
export async function live(folder: string, order: Offer): Promise<Life> {
  const system = await CostSystem.start(folder);
  try {
    // A deployment's first run looks back further than any other.
    await system.runCron(0);
    const { ids, rate, used } = await complete(system, order);
    await system.client.verify('bench-noop', ids, (result, n) => Result.parse(result).n === n);
    const usedForArchive = await count(system, async () => {
      for (const aheadMs of [...SWEPT_AFTER_MS, ARCHIVED_AFTER_MS, PURGED_AFTER_MS]) {
        await system.runCron(aheadMs);
      }
    });
    await verifyArchived(system, ids);
    const task = perTask(sum([used, usedForArchive.operations]), order.tasks);
    // The archive frees what the tasks took in the ledger.
    return { task: { ...task, ledgerBytes: used.ledgerBytes / order.tasks }, rate };
  } finally {
    await system.stop();
  }
}

async function complete(system: CostSystem, order: Offer) {
  const runner = await system.startRunner(order.tasks);
  try {
    const { value, operations } = await count(system, async () => {
      const offered = await offer(system.queue, order);
      await runner.done;
      return offered;
    });
    return { ...value, used: operations };
  } finally {
    await runner.stop();
  }
}

/** What both workers do during an action. */
async function count<Value>(system: CostSystem, action: () => Promise<Value>) {
  const before = await system.operations();
  const value = await action();
  return { value, operations: between(before, await system.operations()) };
}

/** Checks that the ledger has no row any more, and that the archive tells how a task ended. */
async function verifyArchived(system: CostSystem, ids: readonly string[]): Promise<void> {
  const { tasks } = await system.api.read('/tasks', TaskList);
  const { status } = await system.api.read(`/tasks/${ids.at(-1)}/status`, StatusView);
  if (tasks.length > 0 || status !== 'completed') {
    throw new Error(`${tasks.length} rows are left; the archive tells a task is ${status}`);
  }
}

/**
 * Tasks in the specification's design, all found by one poll. Its lists are computed: one poll every 5 s, of
 * all that came meanwhile.
 */
export async function liveBySpec(tasks: number, tasksPerSecond: number): Promise<Operations> {
  const entries = {
    api: join(import.meta.dirname, 'spec-api.ts'),
    buffer: join(import.meta.dirname, 'spec-buffer.ts'),
  };
  const system = await SpecSystem.start(entries);
  const operations = () => countedBy([system.api, system.buffer]);
  try {
    const ids = await system.submitMany(tasks);
    await until(`${tasks} tasks in the buffer`, async () => (await operations()).kvWrites === 2 * tasks);
    const consumer = new SpecConsumer(system);
    await consumer.poll();
    const task = perTask(await operations(), tasks);
    await system.verify(ids, consumer.work);
    const polled = SPEC_POLL_SECONDS * tasksPerSecond;
    const kvLists = Math.ceil(polled / LISTED_KEYS) / polled;
    return eachOperation((name) => (name === 'kvLists' ? kvLists : task[name]));
  } finally {
    await system.stop();
  }
}
