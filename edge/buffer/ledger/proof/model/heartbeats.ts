import type { HeartbeatResult, LeaseBeat } from '../../../../contract/ledger/leases.ts';
import { start } from './attempts.ts';
import { endEmptyLeases } from './leases.ts';
import type { State } from './state.ts';
import { takeBack } from './take-back.ts';

export function heartbeat(state: State, beats: readonly LeaseBeat[]): HeartbeatResult {
  const answer: HeartbeatResult = { extended: [], lost: [], cancelled: [] };
  for (const { leaseId, holds, started = [], progress = [] } of beats) {
    const lease = state.leases.get(leaseId);
    for (const task of lease ? state.heldUnder(lease) : []) {
      if (task.state === 'leased' && started.includes(task.id)) start(state, task);
    }
    for (const task of lease ? state.heldUnder(lease) : []) {
      if (!holds.includes(task.id)) takeBack(state, task, 'The runner no longer holds the task');
      else if (task.state !== 'leased') answer.cancelled.push(task.id);
    }
    for (const id of holds) if (state.tasks.get(id)?.leaseId !== leaseId) answer.lost.push(id);
    endEmptyLeases(state);
    if (!lease || lease.endedAt !== null) continue;
    lease.expiresAt = Math.max(lease.expiresAt, state.deadline(lease.seconds));
    for (const { taskId, value } of progress) lease.progress.set(taskId, value);
    answer.extended.push({ leaseId, expiresAt: lease.expiresAt });
  }
  return answer;
}
