import type { FoundTask, ListFilter, TaskPage, TaskRow, WorkRow } from '../../../../contract/ledger/tasks.ts';
import { isTerminal } from '../../../../contract/task.ts';
import type { State } from './state.ts';
import { holderName, isHeld, rowOf, type Task, workOf } from './task.ts';

export function find(state: State, taskId: string): FoundTask {
  const task = state.tasks.get(taskId);
  if (task) return { task: rowWithProgress(state, task) };
  const rounds = state.archive.roundsOf(taskId);
  return rounds === null ? { unknown: true } : { sealed: true, rounds };
}

export function list(state: State, filter: ListFilter): TaskPage {
  const { page, nextCursor } = pageOf(state, filter);
  const tasks = page.map(({ id, type, state, attempt, completedAt, tags }) => {
    return { id, type, state, attempt, completedAt, tags };
  });
  return { tasks, nextCursor };
}

/** The tasks that match a filter, newest first. */
export function pageOf(
  state: State,
  { states, type, tag, from = '', before = '~', cursor = '~', limit }: ListFilter,
): { page: Task[]; nextCursor: string | null } {
  const page = [...state.tasks.values()]
    .filter(({ id }) => id >= from && id < before && id < cursor)
    .filter((task) => (!states || states.includes(task.state)) && (!type || task.type === type))
    .filter((task) => !tag || task.tags?.includes(tag))
    .sort((a, b) => (a.id < b.id ? 1 : -1))
    .slice(0, limit);
  return { page, nextCursor: page.length === limit ? (page.at(-1)?.id ?? null) : null };
}

export function ready(state: State, limit: number): WorkRow[] {
  const types = [...new Set([...state.tasks.values()].map((task) => task.type))];
  return state.ready(types).slice(0, limit).map(workOf);
}

export function listActive(state: State, limit: number): WorkRow[] {
  return [...state.tasks.values()]
    .filter((task) => !isTerminal(task.state))
    .slice(0, limit)
    .map(workOf);
}

export function counts(state: State): string[] {
  const tasks = [...state.tasks.values()].map(({ type, state }) => `${type} ${state}`);
  return [...Map.groupBy(tasks, (name) => name)].map(([name, ofName]) => `${name} ${ofName.length}`);
}

export function holders(state: State): string[] {
  return [...state.tasks.values()].filter(isHeld).map((task) => `${task.id} ${holderName(task.leaseId)}`);
}

export function openLeases(state: State): string[] {
  const open = [...state.leases.values()].filter((lease) => lease.endedAt === null);
  return open.map((lease) => `${holderName(lease.id)} until ${lease.expiresAt}`);
}

function rowWithProgress(state: State, task: Task): TaskRow {
  const progress = task.state === 'leased' ? state.leases.get(task.leaseId ?? '')?.progress : undefined;
  return { ...rowOf(task), progress: progress?.get(task.id) ?? null };
}
