import { signal } from '@preact/signals';
import { navigate } from './route.ts';
import { openDraft } from './submission.ts';

export const keysShown = signal(false);

/** Handles the keys that work everywhere except in a field or a dialog. */
export function listenToKeys(): void {
  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const { target } = event;
    if (!(target instanceof Element) || target.closest('input:not([type=radio]), textarea, select, dialog'))
      return;
    if (act(event.key, target)) event.preventDefault();
  });
}

/** @returns whether the key has a function here. */
function act(key: string, target: Element): boolean {
  switch (key) {
    case '/':
      focusFilter();
      return true;
    case 'n':
      openDraft();
      return true;
    case '?':
      keysShown.value = true;
      return true;
    case 'j':
      return moveRow(1);
    case 'k':
      return moveRow(-1);
    case 'ArrowDown':
      return target.matches('[data-row]') && moveRow(1);
    case 'ArrowUp':
      return target.matches('[data-row]') && moveRow(-1);
    default:
      return false;
  }
}

function focusFilter(): void {
  const find = () => document.querySelector<HTMLInputElement>('[data-filter]');
  if (!find()) navigate('#/tasks');
  // The previous view is still drawn.
  requestAnimationFrame(() => {
    const filter = find();
    if (filter?.checkVisibility() === false) document.querySelector<HTMLElement>('.filters .more')?.click();
    requestAnimationFrame(() => find()?.focus());
  });
}

function moveRow(step: number): boolean {
  const rows = [...document.querySelectorAll<HTMLElement>('[data-row]')];
  if (rows.length === 0) return false;
  const { activeElement } = document;
  const at = activeElement instanceof HTMLElement ? rows.indexOf(activeElement) : -1;
  const next = at === -1 ? rows[0] : rows[Math.min(rows.length - 1, Math.max(0, at + step))];
  next?.focus();
  next?.closest('tr')?.scrollIntoView({ block: 'nearest' });
  return true;
}
