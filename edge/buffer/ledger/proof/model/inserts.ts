import type { NewTask, RefusedTask } from '../../../../contract/ledger/tasks.ts';
import { createdAtOf } from '../../../../contract/task-id.ts';
import { end } from './attempts.ts';
import type { State } from './state.ts';
import { fresh } from './task.ts';

export function insert(state: State, tasks: readonly NewTask[]): void {
  const now = state.now();
  for (const task of tasks) {
    if (state.tasks.has(task.id) || state.isSealed(task.id)) continue;
    const runAt = task.runAt ?? Math.min(createdAtOf(task.id), now);
    state.tasks.set(task.id, { ...fresh(task, now), runAt, state: runAt > now ? 'scheduled' : 'ready' });
  }
}

export function insertFailed(state: State, { id, type, payload, reason }: RefusedTask): void {
  if (state.tasks.has(id) || state.isSealed(id)) return;
  const now = state.now();
  const task = fresh({ id, type, payload, priority: 0, maxAttempts: 0 }, now);
  const error = { code: 'invalid_task', message: reason };
  const refused = { ...task, runAt: now, error };
  state.tasks.set(id, refused);
  end(state, refused, 'failed');
}
