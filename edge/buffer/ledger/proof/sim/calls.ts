import type {
  ArchivePage,
  DueWindow,
  FailedStep,
  Failure,
  OpenSeal,
  RoundEnd,
} from '../../../../contract/ledger/archive.ts';
import type {
  ClaimGrant,
  HeartbeatResult,
  LeaseBeat,
  LedgerClaim,
  SettleOutcome,
  SettleReport,
} from '../../../../contract/ledger/leases.ts';
import type {
  CancelOutcome,
  NewTask,
  RetryOutcome,
  SubmissionCount,
} from '../../../../contract/ledger/tasks.ts';
import type { PerType } from '../../../../contract/per-type.ts';
import type { ScheduleSettings } from '../../../../contract/schedule.ts';
import type { Ledger } from '../../ledger.ts';
import type { Asks } from './watch/asks.ts';
import type { Watch } from './watch/watch.ts';

/** A call to the ledger, with the data that the watch needs. */
export interface Call<Answer> {
  name: keyof Ledger;
  asks: Asks;
  run: (ledger: Ledger) => Answer;
  /** Checks the answer. */
  check?: (watch: Watch, answer: Answer) => void;
  /** The answer of a full ledger; absent if the call does not depend on that. */
  whenFull?: Answer;
}

export const tick: Call<void> = { name: 'tick', asks: {}, run: (ledger) => ledger.tick() };

/** Returns whether the tasks were inserted. */
export function insert(tasks: readonly NewTask[]): Call<boolean> {
  const taskIds = tasks.map((task) => task.id);
  const run = (ledger: Ledger) => {
    ledger.insert(tasks);
    return true;
  };
  return { name: 'insert', asks: { taskIds }, run, whenFull: false };
}

export function claim(order: LedgerClaim): Call<ClaimGrant> {
  const { leaseId, wants } = order;
  return {
    name: 'claim',
    asks: { leaseId, wants },
    run: (ledger) => ledger.claim(order),
    check: (watch, grant) => watch.checkGrant(order, grant),
  };
}

export function heartbeat(beats: readonly LeaseBeat[]): Call<HeartbeatResult> {
  return {
    name: 'heartbeat',
    asks: { beats },
    run: (ledger) => ledger.heartbeat(beats),
    check: (watch, answer) => watch.checkHeartbeat(beats, answer),
  };
}

export function settle(reports: readonly SettleReport[]): Call<SettleOutcome[]> {
  return {
    name: 'settle',
    asks: { reports },
    run: (ledger) => ledger.settle(reports),
    check: (watch, outcomes) => watch.checkOutcomes(outcomes),
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
    check: (watch) => watch.noteReleased(leaseId),
  };
}

export function cancel(taskId: string): Call<CancelOutcome> {
  return { name: 'cancel', asks: { taskIds: [taskId] }, run: (ledger) => ledger.cancel(taskId) };
}

export function retry(taskId: string): Call<RetryOutcome> {
  return { name: 'retry', asks: { taskIds: [taskId] }, run: (ledger) => ledger.retry(taskId) };
}

export function putSchedule(name: string, { payload, ...settings }: ScheduleSettings): Call<object> {
  const texts = [JSON.stringify(settings), JSON.stringify(payload)] as const;
  return { name: 'schedules', asks: {}, run: ({ schedules }) => schedules.put(name, ...texts) };
}

export function incomplete(submissions: readonly SubmissionCount[]): Call<string[]> {
  return { name: 'incomplete', asks: {}, run: (ledger) => ledger.incomplete(submissions) };
}

/** How many windows the cron job handles in a run. */
const WINDOWS = 3;

export function closable(retention: PerType): Call<DueWindow[]> {
  return { name: 'closable', asks: {}, run: (ledger) => ledger.closable(retention, WINDOWS) };
}

export function seal(window: string, retention: PerType): Call<boolean> {
  return {
    name: 'seal',
    asks: { window },
    run: (ledger) => ledger.seal(window, retention),
    check: ({ archive, tasks }, sealed) => sealed && archive.noteSeal(window, retention, tasks.values()),
  };
}

export const openSeals: Call<OpenSeal[]> = {
  name: 'openSeals',
  asks: {},
  run: (ledger) => ledger.openSeals(WINDOWS),
};

export function archivePage(window: string, round: number, after: string): Call<ArchivePage | null> {
  return {
    name: 'archivePage',
    asks: { window },
    run: (ledger) => ledger.archivePage(window, round, after, 1500),
    check: ({ archive }, page) => archive.checkPage(window, page),
  };
}

export function markArchived(window: string, round: number, end: RoundEnd): Call<boolean> {
  return {
    name: 'markArchived',
    asks: { window },
    run: (ledger) => {
      ledger.markArchived(window, round, end);
      return true;
    },
    check: ({ archive }) => archive.noteArchived(window, round, end),
  };
}

export function purge(window: string): Call<{ more: boolean }> {
  return {
    name: 'purge',
    asks: { window },
    run: (ledger) => ledger.purge(window),
    check: ({ archive }, answer) => archive.notePurge(window, answer),
  };
}

export const failures: Call<Failure[]> = { name: 'failures', asks: {}, run: (ledger) => ledger.failures() };

export function noteFailure(step: FailedStep, name: string): Call<boolean> {
  return { name: 'noteFailure', asks: {}, run: (ledger) => ledger.noteFailure(step, name) };
}

export function clearFailure(step: FailedStep, name: string): Call<boolean> {
  const run = (ledger: Ledger) => {
    ledger.clearFailure(step, name);
    return true;
  };
  return { name: 'clearFailure', asks: {}, run };
}
