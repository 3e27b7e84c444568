import { signal } from '@preact/signals';
import { settingsOf } from '../../../../client/schedules.ts';
import type { Schedule, ScheduleDetails } from '../../../contract/schedule.ts';
import { taskHref } from '../../logic/route.ts';
import { change, changes } from './actions.ts';
import { announce } from './notices.ts';
import { ask } from './session.ts';

/** How many schedules a page shows. */
const PAGE = 100;

/** A page of schedules, or why it cannot be shown. */
export interface SchedulePage {
  readonly schedules: readonly Schedule[];
  /** The name after which the next page begins. */
  readonly next?: string | undefined;
}

export async function loadSchedules(cursor: string | undefined): Promise<SchedulePage> {
  const { schedules, nextCursor } = await ask((queue) => queue.schedules.list({ limit: PAGE, cursor }));
  return { schedules, next: nextCursor };
}

export function loadDetails(name: string): Promise<ScheduleDetails> {
  return ask((queue) => queue.schedules.get(name));
}

/** The schedule whose settings are edited; `name` is undefined for a new one. */
export const edited = signal<{ readonly name?: string; readonly text: string } | undefined>(undefined);

const TEMPLATE = {
  type: 'my-type',
  payload: {},
  cron: '0 3 * * *',
  timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
};

export function editNew(): void {
  edited.value = { text: JSON.stringify(TEMPLATE, null, 2) };
}

export function edit(schedule: Schedule): void {
  edited.value = { name: schedule.name, text: JSON.stringify(settingsOf(schedule), null, 2) };
}

/**
 * Sets a schedule.
 *
 * @throws {TaskQueueError} if the worker refuses the settings.
 */
export async function save(name: string, settings: never): Promise<void> {
  await ask((queue) => queue.schedules.put(name, settings));
  changes.value += 1;
  announce(`${name} is set`);
}

export function runNow(name: string): Promise<boolean> {
  return change(name, async () => {
    const { taskId } = await ask((queue) => queue.schedules.run(name));
    announce(`${name} runs`, { href: taskHref(taskId), text: 'Show its task' });
  });
}

export function pause(name: string): Promise<boolean> {
  return change(name, async () => {
    await ask((queue) => queue.schedules.pause(name));
    announce(`${name} is paused: it inserts no tasks`);
  });
}

export function resume(name: string): Promise<boolean> {
  return change(name, async () => {
    await ask((queue) => queue.schedules.resume(name));
    announce(`${name} is resumed`);
  });
}

export function remove(name: string): Promise<boolean> {
  return change(name, async () => {
    await ask((queue) => queue.schedules.delete(name));
    announce(`${name} is deleted; its tasks stay`);
  });
}
