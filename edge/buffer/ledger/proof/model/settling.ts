import type {
  SettleOutcome,
  SettleReport,
  UnfencedOutcome,
  UnfencedReport,
} from '../../../../contract/ledger/leases.ts';
import { isTerminal } from '../../../../contract/task.ts';
import { endAttempt } from './attempts.ts';
import type { State } from './state.ts';
import { letGo } from './take-back.ts';
import { isHeld, NO_REASON } from './task.ts';

export function settle(state: State, reports: readonly SettleReport[]): SettleOutcome[] {
  return reports.map((report) => settleOne(state, report));
}

function settleOne(state: State, report: SettleReport): SettleOutcome {
  const task = state.tasks.get(report.taskId);
  if (!task) return { taskId: report.taskId, state: 'unknown' };
  if (task.leaseId !== report.leaseId) return { taskId: task.id, state: 'stale' };
  if (isHeld(task) && task.state !== 'leased') {
    letGo(state, task);
    return { taskId: task.id, state: 'cancelled' };
  }
  if (task.state === 'leased') endAttempt(state, task, report, report.retry);
  const { id: taskId, state: now, runAt } = task;
  return now === 'scheduled' || now === 'ready' ? { taskId, state: now, runAt } : { taskId, state: now };
}

export function settleUnfenced(state: State, report: UnfencedReport): UnfencedOutcome {
  const task = state.tasks.get(report.taskId);
  if (!task) return { unknown: true };
  const unfenced = task.leaseId?.startsWith('unfenced:') ?? false;
  if (unfenced && isHeld(task) && task.state !== 'leased') {
    letGo(state, task);
    return { settled: 'cancelled' };
  }
  if (isTerminal(task.state)) return { settled: task.state };
  if (task.state !== 'leased') return { refused: task.state, fenced: false };
  if (!unfenced) return { refused: task.state, fenced: true };
  endAttempt(state, task, { ...report, error: { ...(report.error ?? NO_REASON), retryable: false } });
  return { settled: task.state };
}
