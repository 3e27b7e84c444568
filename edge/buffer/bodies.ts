import type { WorkRow } from '../contract/ledger.ts';
import { createdAtOf } from '../contract/task-id.ts';
import { ledgerOf } from '../http/ledger.ts';
import { withPayloads } from '../http/records.ts';
import type { BufferEnv } from './env.ts';

/** KV shows a record everywhere a minute after it was written, mostly much sooner. */
const WAIT_FOR_RECORD_MS = 5000;

/** A record that does not show by then never will: it was not written, or its time is over. */
const GIVE_UP_MS = 15 * 60_000;

const NO_PAYLOAD = {
  code: 'payload_missing',
  message: 'The payload of the task was not stored, or is not kept any more: submit it anew',
  retryable: false,
};

/**
 * Fills in the payloads of tasks that were just claimed. A task whose record KV does not show yet goes back
 * for some seconds, its attempt not spent; after some minutes it fails.
 */
export async function claimedPayloads(env: BufferEnv, leaseId: string, tasks: WorkRow[]): Promise<WorkRow[]> {
  const { filled, missing } = await withPayloads(env.TASK_STORAGE, tasks);
  if (missing.length === 0) return filled;
  const { waiting = [], lost = [] } = Object.groupBy(missing, ({ id }) =>
    Date.now() - createdAtOf(id) < GIVE_UP_MS ? 'waiting' : 'lost',
  );
  const ledger = ledgerOf(env);
  const ids = waiting.map(({ id }) => id);
  if (ids.length > 0) await ledger.release(leaseId, ids, WAIT_FOR_RECORD_MS);
  await ledger.settle(lost.map(({ id }) => ({ taskId: id, leaseId, success: false, error: NO_PAYLOAD })));
  return filled;
}
