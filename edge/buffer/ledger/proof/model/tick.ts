import { continueQueues, runDue } from './schedules.ts';
import type { State } from './state.ts';
import { takeBack } from './take-back.ts';
import { isHeld } from './task.ts';

/** The changes that depend only on time: leases expire, tasks become due, and old ended leases are deleted. */
export function tick(state: State): void {
  const now = state.now();
  const expired = [...state.leases.values()].filter((it) => it.endedAt === null && it.expiresAt <= now);
  for (const task of expired.flatMap((lease) => state.heldUnder(lease))) {
    takeBack(state, task, 'The runner did not renew its lease in time');
  }
  for (const task of state.tasks.values()) {
    if (task.state === 'scheduled' && !isHeld(task) && task.runAt <= now) task.state = 'ready';
  }
  runDue(state);
  continueQueues(state);
  if (now - state.forgotAt < 600_000) return;
  state.forgotAt = now;
  for (const [id, { endedAt }] of state.leases) {
    if (endedAt !== null && endedAt <= now - 3_600_000) state.leases.delete(id);
  }
}

export function nextTickAt({ leases, tasks, schedules }: State): number | null {
  const deadlines = [...leases.values()].filter((it) => it.endedAt === null).map((it) => it.expiresAt);
  const waiting = [...tasks.values()].filter((task) => task.state === 'scheduled' && !isHeld(task));
  const due = waiting.map((task) => task.runAt);
  const planned = [...schedules.values()].flatMap(({ pausedAt, dueAt }) =>
    pausedAt === null ? (dueAt ?? []) : [],
  );
  return [...deadlines, ...due, ...planned].reduce(
    (a: number | null, b) => (a === null ? b : Math.min(a, b)),
    null,
  );
}
