import { end, endAttempt } from './attempts.ts';
import { endEmptyLeases } from './leases.ts';
import type { State } from './state.ts';
import { isHeld, type Task } from './task.ts';

/** Handles a cancelled task that its runner has dropped. */
export function letGo(state: State, task: Task): void {
  Object.assign(task, { claimedAt: null, startedAt: null });
  if (task.state === 'scheduled') task.state = 'ready';
  else {
    task.completedAt = state.archive.endedAt(task);
    state.archive.noteEnd(task);
    if (task.schedule) state.endedRuns.add(task.schedule.name);
  }
  endEmptyLeases(state);
}

/** Takes a task back from a lease that has lost it. */
export function takeBack(state: State, task: Task, message: string): void {
  if (task.state !== 'leased') letGo(state, task);
  else if (task.startedAt === null) redeliver(state, task);
  else endAttempt(state, task, { success: false, error: { code: 'lease_expired', message } });
  task.leaseId = null;
  endEmptyLeases(state);
}

/** Handles a task that was lost before it started. It has used no attempt. */
function redeliver(state: State, task: Task): void {
  const now = state.now();
  task.lostDeliveries += 1;
  task.claimedAt = null;
  if (task.lostDeliveries === 1) task.state = 'ready';
  else if (task.lostDeliveries < 20) {
    const delaySeconds = Math.min(300, 2 ** (task.lostDeliveries - 2));
    Object.assign(task, { state: 'scheduled', runAt: now + delaySeconds * 1000 });
  } else {
    const message = '20 runners got the task, and none of them reported its start';
    task.error = { code: 'undeliverable', message };
    end(state, task, 'failed');
  }
}

export function release(state: State, leaseId: string, taskIds: readonly string[], delayMs = 0): string[] {
  const released = [];
  for (const task of state.tasks.values()) {
    if (!isHeld(task) || task.leaseId !== leaseId || !taskIds.includes(task.id)) continue;
    released.push(task.id);
    if (task.state !== 'leased') {
      letGo(state, task);
      continue;
    }
    if (task.startedAt !== null) task.attempt -= 1;
    Object.assign(task, { state: 'ready', claimedAt: null, startedAt: null, leaseId: null });
    if (delayMs > 0) Object.assign(task, { state: 'scheduled', runAt: state.now() + delayMs });
    endEmptyLeases(state);
  }
  return released;
}

export function releaseLease(state: State, leaseId: string): string[] {
  const ended = { seconds: 0, expiresAt: state.now(), endedAt: state.now() };
  const lease = state.leases.get(leaseId) ?? {
    ...{ id: leaseId, runner: '', ...ended, taskIds: [], progress: new Map() },
  };
  state.leases.set(leaseId, lease);
  return release(
    state,
    leaseId,
    state.heldUnder(lease).map((task) => task.id),
  );
}
