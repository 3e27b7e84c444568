import type { WorkRow } from '../contract/ledger.ts';
import { ledgerOf } from '../http/ledger.ts';
import { withPayloads } from '../http/records.ts';
import type { BufferEnv } from './env.ts';

/** KV shows a record everywhere a minute after it was written, mostly much sooner. */
const WAIT_FOR_RECORD_MS = 5000;

/**
 * Fills in the payloads of tasks that were just claimed. A task whose record KV does not show yet goes back
 * for some seconds; its attempt is not spent.
 */
export async function claimedPayloads(env: BufferEnv, leaseId: string, tasks: WorkRow[]): Promise<WorkRow[]> {
  const { filled, missing } = await withPayloads(env.TASK_STORAGE, tasks);
  if (missing.length > 0) {
    const ids = missing.map((task) => task.id);
    await ledgerOf(env).release(leaseId, ids, WAIT_FOR_RECORD_MS);
  }
  return filled;
}
