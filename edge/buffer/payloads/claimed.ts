import type { WorkRow } from '../../contract/ledger/tasks.ts';
import { createdAtOf } from '../../contract/task-id.ts';
import { ledgerOf } from '../../platform/ledger.ts';
import { logOf, shown } from '../../platform/log.ts';
import { OneAtATime } from '../../platform/one-at-a-time.ts';
import { type Unfilled, withPayloads } from '../../platform/payloads.ts';
import type { BufferEnv } from '../env.ts';
import { ClaimReads, inReadingOrder, type TypesWanted } from './claim-reads.ts';

/** The gate for large records of claims. Lists have a separate gate, so that they never delay a claim. */
const reading = new OneAtATime();

/** KV shows a record everywhere a minute after the write, and usually much sooner. */
const WAIT_FOR_RECORD = { delayMs: 5000 };
/** The wait is longer while KV is failing, so that KV does not get a read for every task every few seconds. */
const WAIT_FOR_KV = { delayMs: 15_000 };
/** The next claim reads the record. */
const NO_WAIT = { delayMs: 0 };

/** A record that is missing at this age was not written or has expired. It will never appear. */
const GIVE_UP_MS = 15 * 60_000;

const PAYLOAD_MISSING = {
  code: 'payload_missing',
  message: 'The payload of the task was not stored or has expired: submit the task again',
  retryable: false,
};
const PAYLOAD_UNREADABLE = {
  code: 'payload_unreadable',
  message: 'The stored record of the task is damaged, so its payload cannot be read: submit the task again',
  retryable: false,
};

/**
 * Fills in the payloads of tasks that were just claimed. A task whose payload cannot be read is released for some
 * seconds without using an attempt, and does not delay the other tasks. If its record is still missing or damaged
 * after some minutes, the task fails. Tasks beyond the read limits of a claim are released at once.
 *
 * @param wants the wants of the claim. No want waits for the large payloads of another.
 * @returns the tasks with their payloads, and the postponed tasks, which are ready again.
 */
export async function claimedPayloads(
  env: BufferEnv,
  leaseId: string,
  tasks: readonly WorkRow[],
  wants: readonly TypesWanted[] = [],
): Promise<{ filled: WorkRow[]; postponed: WorkRow[] }> {
  const reads = { gate: reading, budget: new ClaimReads() };
  const { filled, unfilled } = await withPayloads(env.TASK_STORAGE, inReadingOrder(tasks, wants), reads);
  if (unfilled.length === 0) return { filled, postponed: [] };
  logUnfilled(env, leaseId, unfilled);
  const ledger = ledgerOf(env);
  const byFate = Map.groupBy(unfilled, fateOf);
  for (const [fate, ofFate] of byFate) {
    const ids = ofFate.map(({ task }) => task.id);
    if ('delayMs' in fate) await ledger.release(leaseId, ids, fate.delayMs);
    else await ledger.settle(ids.map((taskId) => ({ taskId, leaseId, success: false, error: fate })));
  }
  return { filled, postponed: (byFate.get(NO_WAIT) ?? []).map(({ task }) => task) };
}

/**
 * The error with which a task fails, or how long it waits. A KV failure does not mean that the payload is
 * missing.
 */
function fateOf({ task, problem }: Unfilled<WorkRow>) {
  const isLate = Date.now() - createdAtOf(task.id) >= GIVE_UP_MS;
  switch (problem) {
    case 'postponed':
      return NO_WAIT;
    case 'unavailable':
      return WAIT_FOR_KV;
    case 'missing':
      return isLate ? PAYLOAD_MISSING : WAIT_FOR_RECORD;
    case 'unreadable':
      return isLate ? PAYLOAD_UNREADABLE : WAIT_FOR_KV;
  }
}

function logUnfilled(env: BufferEnv, leaseId: string, unfilled: readonly Unfilled<WorkRow>[]): void {
  const log = logOf(env);
  const { postponed = [], unread = [] } = Object.groupBy(unfilled, ({ problem }) =>
    problem === 'postponed' ? 'postponed' : 'unread',
  );
  if (postponed.length > 0) {
    log.debug('Claimed tasks were released because their payloads exceed the read limits of a claim', () => ({
      leaseId,
      count: postponed.length,
      taskIds: shown(postponed.map(({ task }) => task.id)),
    }));
  }
  if (unread.length > 0) {
    log.warn('Claimed tasks were not granted because their payloads cannot be read', {
      leaseId,
      count: unread.length,
      tasks: shown(unread.map(({ task, problem }) => ({ taskId: task.id, problem }))),
      error: unread.find(({ error }) => error !== undefined)?.error,
    });
  }
}
