import { signal } from '@preact/signals';
import { taskHref } from '../../logic/route.ts';
import { refreshStats } from './live.ts';
import { announce, complain } from './notices.ts';
import { ask } from './session.ts';

/** The task ids and type names that are being changed now. */
export const busy = signal<ReadonlySet<string>>(new Set());

/** Counts the changes that this page has made. Views that show tasks reload when it changes. */
export const changes = signal(0);

export function retryTask(id: string): Promise<boolean> {
  return change(id, async () => {
    await ask((queue) => queue.retry(id));
    announce('The task will run again', { href: taskHref(id), text: 'Show it' });
  });
}

export function cancelTask(id: string): Promise<boolean> {
  return change(id, async () => {
    const { status } = await ask((queue) => queue.cancel(id));
    announce(status === 'cancelled' ? 'The task is cancelled' : `The task is ${status}`, {
      href: taskHref(id),
      text: 'Show it',
    });
  });
}

export function pauseType(type: string): Promise<boolean> {
  return change(type, async () => {
    await ask((queue) => queue.pause(type));
    await refreshStats();
    announce(`${type} is paused: its tasks wait until it is resumed`);
  });
}

export function resumeType(type: string): Promise<boolean> {
  return change(type, async () => {
    await ask((queue) => queue.resume(type));
    await refreshStats();
    announce(`${type} is resumed`);
  });
}

/** @returns whether the change succeeded. If not, the page shows the reason. */
export async function change(what: string, work: () => Promise<void>): Promise<boolean> {
  if (busy.value.has(what)) return false;
  busy.value = new Set([...busy.value, what]);
  try {
    await work();
    return true;
  } catch (error) {
    complain(error);
    return false;
  } finally {
    busy.value = new Set([...busy.value].filter((other) => other !== what));
    changes.value += 1;
  }
}
