import { end, endAttempt } from './attempts.ts';
import { endEmptyLeases } from './leases.ts';
import type { State } from './state.ts';
import type { Task } from './task.ts';

/** Handles a cancelled task that its runner has dropped. */
export function letGo(state: State, task: Task): void {
  Object.assign(task, { claimedAt: null, startedAt: null });
  if (task.state === 'scheduled') task.state = 'ready';
  else {
    task.completedAt = state.archive.endedAt(task);
    state.archive.noteEnd(task);
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
