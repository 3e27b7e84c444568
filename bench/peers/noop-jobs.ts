import { setTimeout as sleep } from 'node:timers/promises';
import { MAX_BATCH_TASKS } from '../../edge/contract/limits.ts';
import { eachAtOnce, inBatches } from '../edge-client.ts';

/** The time after which a started consumer is idle, in milliseconds. */
const IDLE_MS = 500;
const AT_ONCE = 2;

/** A run of no-op jobs through a peer. */
export interface NoopRun {
  /** The number of jobs. They are numbered from 0. */
  readonly count: number;
  /** The file for the output of its worker. */
  readonly log: string;
}

/** Waits until a consumer that has just started is idle. */
export async function untilIdle(): Promise<void> {
  await sleep(IDLE_MS);
}

/** Adds the jobs of a run in the same way as tasks of this system: in batches of 1,000, two calls at once. */
export async function addInBatches(
  count: number,
  add: (batch: readonly number[]) => Promise<unknown>,
): Promise<void> {
  const numbers = [...Array(count).keys()];
  await eachAtOnce(inBatches(numbers, MAX_BATCH_TASKS).values(), AT_ONCE, async (batch) => {
    await add(batch);
  });
}

/** Jobs per second between two times in Unix milliseconds. */
export function rate(count: number, fromMs: number, toMs: number): number {
  return count / ((toMs - fromMs) / 1000);
}

/** A name that no other run uses. */
export function queueName(): string {
  return `noop-${process.hrtime.bigint()}`;
}
