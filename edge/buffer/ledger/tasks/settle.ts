import type {
  SettleOutcome,
  SettleReport,
  UnfencedOutcome,
  UnfencedReport,
} from '../../../contract/ledger/leases.ts';
import { jsonChunks } from '../store/sql.ts';
import { noteEnded, type Store } from '../store/store.ts';
import { isUnfenced } from './claim.ts';
import { endIfEmpty, findLease } from './leases.ts';
import { letGo } from './take-back.ts';
import {
  asStarted,
  complete,
  fail,
  type HeldTask,
  readHeld,
  type Transition,
  writeTransitions,
} from './transitions.ts';

const NO_REASON = { code: 'task_error', message: 'The runner gave no reason' };

function settled(task: HeldTask, report: Omit<SettleReport, 'leaseId'>, now: number, random: () => number) {
  return report.success
    ? complete(asStarted(task), report.result ?? null, now)
    : fail(asStarted(task), report.error ?? NO_REASON, report.retry, now, random());
}

const COMPLETE_FIRST_ATTEMPTS = `
  UPDATE tasks SET
    state = 'completed', completed_at = ?3, claimed_at = NULL, started_at = NULL, lost_deliveries = NULL,
    attempt = attempt + (started_at IS NULL), result = report.value ->> 1,
    attempts = '[{"attempt":' || (attempt + (started_at IS NULL)) || ',"runner":' || json_quote(?4)
      || ',"startedAt":' || coalesce(started_at, claimed_at) || ',"endedAt":' || ?3 || '}]'
  FROM json_each(?1) AS report
  WHERE tasks.id = report.value ->> 0 AND lease_id = ?2 AND state = 'leased' AND attempts = '[]'
  RETURNING id, type, run_at, attempts ->> '$[0].startedAt' AS claimed_at, schedule`;

/**
 * Completes the tasks of a lease that succeeded at their first attempt by one statement. Nearly all tasks do.
 *
 * @returns the ids of the completed tasks. {@link settle} handles the other reports.
 */
function completeFirstAttempts(
  sql: Store,
  leaseId: string,
  reports: readonly SettleReport[],
  now: number,
): string[] {
  const lease = findLease(sql, leaseId);
  if (!lease) return [];
  const chunks = [...jsonChunks(reports.map(({ taskId, result = null }) => [taskId, result]))];
  const completed = chunks.flatMap((chunk) =>
    sql.exec<{ id: string; type: string; run_at: number; claimed_at: number; schedule: string | null }>(
      COMPLETE_FIRST_ATTEMPTS,
      chunk,
      leaseId,
      now,
      lease.runner,
    ),
  );
  for (const task of completed) {
    noteEnded(sql, task.id, task.schedule);
    sql.counters.move(task.type, 'leased', 'completed');
    sql.counters.report(task.claimed_at - task.run_at, now - task.claimed_at);
  }
  return completed.map((task) => task.id);
}

/**
 * Ends attempts. A result counts only under the lease that holds its task. A repeated result gets the first
 * answer. Any other result changes nothing and is `stale`. A result for a cancelled task means that its runner
 * has dropped the task.
 */
export function settle(
  sql: Store,
  reports: readonly SettleReport[],
  now: number,
  random: () => number,
): SettleOutcome[] {
  // If a task has several reports, the first counts.
  const firsts = [...new Map(reports.toReversed().map((report) => [report.taskId, report])).values()];
  const completed = new Map<string, string>();
  for (const [leaseId, ofLease] of Map.groupBy(
    firsts.filter(({ success }) => success),
    (one) => one.leaseId,
  )) {
    for (const id of completeFirstAttempts(sql, leaseId, ofLease, now)) completed.set(id, leaseId);
  }
  const leases = new Set(completed.values());
  const others = reports.filter(({ taskId }) => !completed.has(taskId));
  const tasks = readHeld(
    sql,
    others.map((report) => report.taskId),
  );
  const transitions: Transition[] = [];
  const dropped: string[] = [];
  const outcomes = reports.map((report): SettleOutcome => {
    const completedUnder = completed.get(report.taskId);
    if (completedUnder) {
      return { taskId: report.taskId, state: completedUnder === report.leaseId ? 'completed' : 'stale' };
    }
    const task = tasks.get(report.taskId);
    if (!task) return { taskId: report.taskId, state: 'unknown' };
    if (task.lease_id !== report.leaseId) return { taskId: task.id, state: 'stale' };
    if (task.state !== 'leased') {
      if (task.claimed_at === null) return outcomeOf(task.id, task.state, task.run_at);
      dropped.push(task.id);
      const state = task.state === 'scheduled' ? 'ready' : task.state;
      tasks.set(task.id, { ...task, state, claimed_at: null, started_at: null });
      leases.add(report.leaseId);
      return { taskId: task.id, state: 'cancelled' };
    }
    const next = settled(task, report, now, random);
    transitions.push(next);
    leases.add(report.leaseId);
    tasks.set(task.id, {
      ...task,
      state: next.state,
      run_at: next.runAt,
      claimed_at: null,
      started_at: null,
    });
    return outcomeOf(task.id, next.state, next.runAt);
  });
  writeTransitions(sql, transitions);
  letGo(sql, dropped);
  for (const leaseId of leases) endIfEmpty(sql, leaseId, now);
  return outcomes;
}

function outcomeOf(taskId: string, state: HeldTask['state'], runAt: number): SettleOutcome {
  const waits = state === 'scheduled' || state === 'ready';
  return waits ? { taskId, state, runAt } : { taskId, state };
}

/** Ends the attempt of a single-task claim. There are no retries for these claims, so a failure is final. */
export function settleUnfenced(
  sql: Store,
  report: UnfencedReport,
  now: number,
  random: () => number,
): UnfencedOutcome {
  const task = readHeld(sql, [report.taskId]).get(report.taskId);
  if (!task) return { unknown: true };
  if (task.state !== 'leased' && task.claimed_at !== null && task.lease_id && isUnfenced(task.lease_id)) {
    letGo(sql, [task.id]);
    endIfEmpty(sql, task.lease_id, now);
    return { settled: 'cancelled' };
  }
  switch (task.state) {
    case 'completed':
    case 'failed':
    case 'cancelled':
      return { settled: task.state };
    case 'scheduled':
    case 'ready':
      return { refused: task.state, fenced: false };
    case 'leased': {
      if (!task.lease_id || !isUnfenced(task.lease_id)) return { refused: task.state, fenced: true };
      const error = { ...(report.error ?? NO_REASON), retryable: false };
      const next = settled(task, { ...report, error }, now, random);
      writeTransitions(sql, [next]);
      endIfEmpty(sql, task.lease_id, now);
      return { settled: next.state };
    }
  }
}
