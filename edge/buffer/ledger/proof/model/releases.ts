import { endEmptyLeases } from './leases.ts';
import type { State } from './state.ts';
import { letGo } from './take-back.ts';
import { isHeld } from './task.ts';

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
