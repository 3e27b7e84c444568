import type {
  ArchivePage,
  CancelOutcome,
  ClaimGrant,
  ClaimOrder,
  HeartbeatResult,
  LeaseBeat,
  NewTask,
  RetryOutcome,
  SettleOutcome,
  SettleReport,
  SubmissionCount,
} from '../../../../contract/ledger.ts';
import type { Ledger } from '../../ledger.ts';
import type { Watch } from './watch.ts';

/** A call to the ledger, with what the watch has to know of it. */
export interface Call<Answer> {
  name: keyof Ledger;
  asks: Asks;
  run: (ledger: Ledger) => Answer;
  /** Checks the answer. */
  told?: (watch: Watch, answer: Answer) => void;
  /** The answer of a ledger that takes nothing in; absent for calls that a full ledger answers as any other. */
  whenFull?: Answer;
}

export interface Asks {
  taskIds?: readonly string[];
  leaseId?: string;
  wants?: ClaimOrder['wants'];
  beats?: readonly LeaseBeat[];
  reports?: readonly SettleReport[];
  window?: string;
}

export const tick: Call<void> = { name: 'tick', asks: {}, run: (ledger) => ledger.tick() };

/** Whether the tasks were taken in. */
export function insert(tasks: readonly NewTask[]): Call<boolean> {
  const taskIds = tasks.map((task) => task.id);
  const run = (ledger: Ledger) => {
    ledger.insert(tasks);
    return true;
  };
  return { name: 'insert', asks: { taskIds }, run, whenFull: false };
}

export function claim(order: ClaimOrder): Call<ClaimGrant> {
  const { leaseId, wants } = order;
  return {
    name: 'claim',
    asks: { leaseId, wants },
    run: (ledger) => ledger.claim(order),
    told: (watch, grant) => watch.checkGrant(order, grant),
  };
}

export function heartbeat(beats: readonly LeaseBeat[]): Call<HeartbeatResult> {
  return {
    name: 'heartbeat',
    asks: { beats },
    run: (ledger) => ledger.heartbeat(beats),
    told: (watch, answer) => watch.checkHeartbeat(beats, answer),
  };
}

export function settle(reports: readonly SettleReport[]): Call<SettleOutcome[]> {
  return {
    name: 'settle',
    asks: { reports },
    run: (ledger) => ledger.settle(reports),
    told: (watch, outcomes) => watch.checkOutcomes(outcomes),
  };
}

export function release(leaseId: string, taskIds: readonly string[], delayMs = 0): Call<string[]> {
  const run = (ledger: Ledger) => ledger.release(leaseId, taskIds, delayMs);
  return { name: 'release', asks: { leaseId, taskIds }, run };
}

export function releaseLease(leaseId: string): Call<string[]> {
  return {
    name: 'releaseLease',
    asks: { leaseId },
    run: (ledger) => ledger.releaseLease(leaseId),
    told: (watch) => watch.noteReleased(leaseId),
  };
}

export function cancel(taskId: string): Call<CancelOutcome> {
  return { name: 'cancel', asks: { taskIds: [taskId] }, run: (ledger) => ledger.cancel(taskId) };
}

export function retry(taskId: string): Call<RetryOutcome> {
  return { name: 'retry', asks: { taskIds: [taskId] }, run: (ledger) => ledger.retry(taskId) };
}

export function incomplete(submissions: readonly SubmissionCount[]): Call<string[]> {
  return { name: 'incomplete', asks: {}, run: (ledger) => ledger.incomplete(submissions) };
}

export function closable(endedBefore: number): Call<string[]> {
  return { name: 'closable', asks: {}, run: (ledger) => ledger.closable(endedBefore, 10) };
}

export function seal(window: string, endedBefore: number): Call<boolean> {
  return {
    name: 'seal',
    asks: { window },
    run: (ledger) => ledger.seal(window, endedBefore),
    told: (watch, sealed) => sealed && watch.checkSeal(window),
  };
}

export const openSeals: Call<{ window: string; archived: boolean; purgeable: boolean }[]> = {
  name: 'openSeals',
  asks: {},
  run: (ledger) => ledger.openSeals(10),
};

export function archivePage(window: string, after: string): Call<ArchivePage> {
  return { name: 'archivePage', asks: { window }, run: (ledger) => ledger.archivePage(window, after, 1500) };
}

export function markArchived(window: string): Call<boolean> {
  const run = (ledger: Ledger) => {
    ledger.markArchived(window);
    return true;
  };
  return { name: 'markArchived', asks: { window }, run };
}

export function purge(window: string): Call<boolean> {
  const run = (ledger: Ledger) => {
    ledger.purge(window);
    return true;
  };
  return { name: 'purge', asks: { window }, run };
}
