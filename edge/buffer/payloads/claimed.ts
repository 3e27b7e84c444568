import type { WorkRow } from '../../contract/ledger/tasks.ts';
import { createdAtOf } from '../../contract/task-id.ts';
import { ledgerOf } from '../../platform/ledger.ts';
import { logOf, shown } from '../../platform/log.ts';
import { OneAtATime } from '../../platform/one-at-a-time.ts';
import { type Unfilled, withPayloads } from '../../platform/payloads.ts';
import type { BufferEnv } from '../env.ts';
import { ClaimReads, inReadingOrder, type TypesWanted } from './claim-reads.ts';

/** Large records that claims read; lists have a gate of their own, so that they never hold a claim up. */
const reading = new OneAtATime();

/** KV shows a record everywhere a minute after it was written, mostly much sooner. */
const WAIT_FOR_RECORD = { delayMs: 5000 };
/** A failing KV is not asked for every task every few seconds. */
const WAIT_FOR_KV = { delayMs: 15_000 };
/** The next claim reads on. */
const NO_WAIT = { delayMs: 0 };

/** A record that is not there by then never will be: it was not written, or it has expired. */
const GIVE_UP_MS = 15 * 60_000;

const PAYLOAD_MISSING = {
  code: 'payload_missing',
  message: 'The payload of the task was not stored, or is no longer kept: submit the task again',
  retryable: false,
};
const PAYLOAD_UNREADABLE = {
  code: 'payload_unreadable',
  message: 'The stored record of the task is damaged, so its payload cannot be read: submit the task again',
  retryable: false,
};

/**
 * Fills in the payloads of tasks that were just claimed. A task whose payload cannot be read goes back for some
 * seconds, its attempt not spent, and keeps no other from the claim. If its record is still missing or damaged
 * after some minutes, it fails. Tasks beyond what one claim reads go back at once.
 *
 * @param wants what was claimed: none of them waits for the large payloads of another.
 * @returns the tasks with their payloads, and those that are ready again.
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

/** The error that a task ends with, or how long it waits. A failing KV proves nothing about the payload. */
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
    log.debug('Claimed tasks go back at once: their payloads are more than one claim reads', () => ({
      leaseId,
      count: postponed.length,
      taskIds: shown(postponed.map(({ task }) => task.id)),
    }));
  }
  if (unread.length > 0) {
    log.warn('Claimed tasks are not handed out: their payloads cannot be read', {
      leaseId,
      count: unread.length,
      tasks: shown(unread.map(({ task, problem }) => ({ taskId: task.id, problem }))),
      error: unread.find(({ error }) => error !== undefined)?.error,
    });
  }
}
