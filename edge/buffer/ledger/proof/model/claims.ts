import type {
  ClaimGrant,
  ClaimWant,
  LedgerClaim,
  SingleClaimGrant,
} from '../../../../contract/ledger/leases.ts';
import { start } from './attempts.ts';
import { openLease } from './leases.ts';
import type { State } from './state.ts';
import { grantedOf, type Task, workOf } from './task.ts';
import { tick } from './tick.ts';

export function claim(state: State, order: LedgerClaim): ClaimGrant {
  tick(state);
  const types = order.wants.flatMap((want) => want.types);
  const known = state.leases.get(order.leaseId);
  if (known) {
    const tasks = state.heldUnder(known).filter((task) => task.state === 'leased');
    return { tasks: tasks.map(grantedOf), expiresAt: known.expiresAt, ...left(state, order, types) };
  }
  const expiresAt = state.deadline(order.leaseSeconds);
  const picks = order.wants.map((want) => pick(state, want));
  const started = picks.flatMap((pick) => pick.started);
  const ahead = picks.flatMap((pick) => pick.ahead);
  if (started.length + ahead.length > 0) {
    const { leaseId: id, runner, leaseSeconds: seconds } = order;
    openLease(state, { id, runner, seconds }, [...started, ...ahead]);
  }
  for (const task of started) start(state, task);
  const tasks = picks.flatMap((pick) => [...pick.started, ...pick.ahead]).map(grantedOf);
  return { tasks, expiresAt, ...left(state, order, types) };
}

export function claimOne(state: State, taskId: string): SingleClaimGrant {
  tick(state);
  const task = state.tasks.get(taskId);
  if (!task) return { unknown: true };
  if (task.state !== 'ready') return { unavailable: task.state };
  if (state.paused.has(task.type)) return { paused: true };
  state.unfenced += 1;
  const leaseId = `unfenced:${state.unfenced}`;
  const seconds = Math.max(300, task.timeoutSeconds ?? 0);
  openLease(state, { id: leaseId, runner: 'single-task consumer', seconds }, [task]);
  start(state, task);
  return { claimed: workOf(task), leaseId };
}

/** The tasks that a want gets: first tasks that start at once, then the tasks of each type that are read ahead. */
function pick(
  state: State,
  { types, limit, starts = limit, ahead = {} }: ClaimWant,
): { started: Task[]; ahead: Task[] } {
  const ready = state.ready(types);
  const started = ready.slice(0, Math.min(starts, limit));
  const read: Task[] = [];
  for (const task of ready.slice(started.length)) {
    const ofType = read.filter(({ type }) => type === task.type).length;
    const isFull = started.length + read.length >= limit;
    if (!isFull && ofType < (ahead[task.type] ?? 0)) read.push(task);
  }
  return { started, ahead: read };
}

function left(
  state: State,
  { wants }: LedgerClaim,
  types: readonly string[],
): Pick<ClaimGrant, 'ready' | 'next'> {
  const heads = wants.map((want) => state.ready(want.types)[0]);
  const next = heads.map((head) => (head ? { priority: head.priority, runAt: head.runAt } : null));
  return { ready: state.ready(types).length, next };
}
