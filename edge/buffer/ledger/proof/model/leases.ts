import type { State } from './state.ts';
import type { Task } from './task.ts';

/** Opens a lease that holds the tasks. None of them has started yet. */
export function openLease(
  state: State,
  { id, runner, seconds }: { id: string; runner: string; seconds: number },
  picks: readonly Task[],
): void {
  const taskIds = picks.map((task) => task.id);
  const expiresAt = state.deadline(seconds);
  state.leases.set(id, { id, runner, seconds, expiresAt, endedAt: null, taskIds, progress: new Map() });
  for (const task of picks) {
    Object.assign(task, { state: 'leased', leaseId: id, claimedAt: state.now(), startedAt: null });
  }
}

export function endEmptyLeases(state: State): void {
  for (const lease of state.leases.values()) {
    if (lease.endedAt === null && state.heldUnder(lease).length === 0) lease.endedAt = state.now();
  }
}
