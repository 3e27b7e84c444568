import { setTimeout as sleep } from 'node:timers/promises';
import { MAX_BATCH_TASKS } from '../../edge/contract/limits.ts';
import { eachAtOnce, inBatches } from '../edge-client.ts';

/** By then a consumer that has started is idle, in milliseconds. */
const IDLE_MS = 500;
const AT_ONCE = 2;

/** A run of no-op jobs through a peer. */
export interface NoopRun {
  /** How many jobs, numbered from 0. */
  readonly count: number;
  /** The file that its worker's output goes to. */
  readonly log: string;
}

/** Lets a consumer that has just started become idle. */
export async function untilIdle(): Promise<void> {
  await sleep(IDLE_MS);
}

/** Adds the jobs of a run as tasks are added to this system: in batches of 1,000, two calls at once. */
export async function addInBatches(
  count: number,
  add: (batch: readonly number[]) => Promise<unknown>,
): Promise<void> {
  const numbers = [...Array(count).keys()];
  await eachAtOnce(inBatches(numbers, MAX_BATCH_TASKS).values(), AT_ONCE, async (batch) => {
    await add(batch);
  });
}

/** Jobs a second between two times in Unix milliseconds. */
export function rate(count: number, fromMs: number, toMs: number): number {
  return count / ((toMs - fromMs) / 1000);
}

/** A name that no other run has. */
export function queueName(): string {
  return `noop-${process.hrtime.bigint()}`;
}
