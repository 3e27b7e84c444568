/** Counts the operations of tasks from their submission to the deletion of their rows. */
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
/** Each run of the cron job sweeps a recent window. Later the sure sweep visits the window once more. */
const SWEPT_AFTER_MS = [1, 2, 3, 4, 5].map((minutes) => minutes * MINUTE_MS);
/** The time at which every window is closed and archived. Six minutes later its rows may be deleted. */
const ARCHIVED_AFTER_MS = 20 * MINUTE_MS;
const PURGED_AFTER_MS = 26 * MINUTE_MS;

/** The poll interval of the specification's consumer, and the maximum number of keys in a KV list. */
const SPEC_POLL_SECONDS = 5;
const LISTED_KEYS = 1000;

const Result = z.object({ n: z.int() });

export interface Life {
  /** The operations of a task. */
  readonly task: Operations;
  /** Tasks submitted per second. */
  readonly rate: number;
}

/** Submits tasks to this system while a runner completes them, then archives them and deletes their rows. */
export async function live(folder: string, order: Offer): Promise<Life> {
  const system = await CostSystem.start(folder);
  try {
    // The first run of a deployment looks back further than any other.
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
    // The archive frees the storage of the tasks in the ledger, so it is measured before.
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

/** Counts the operations of both workers during an action. */
async function count<Value>(system: CostSystem, action: () => Promise<Value>) {
  const before = await system.operations();
  const value = await action();
  return { value, operations: between(before, await system.operations()) };
}

/** Checks that the ledger has no rows left, and that the archive contains the status of a task. */
async function verifyArchived(system: CostSystem, ids: readonly string[]): Promise<void> {
  const { tasks } = await system.api.read('/tasks', TaskList);
  const { status } = await system.api.read(`/tasks/${ids.at(-1)}/status`, StatusView);
  if (tasks.length > 0 || status !== 'completed') {
    throw new Error(`${tasks.length} rows are left; the status of a task in the archive is ${status}`);
  }
}

/**
 * Counts the operations of tasks in the specification's design, where one poll finds them all. Lists are computed:
 * one poll every 5 s, which lists the tasks that arrived since.
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
