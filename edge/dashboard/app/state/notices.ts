import { signal } from '@preact/signals';

/** A short message of the page. */
export interface Notice {
  readonly id: number;
  readonly tone: 'good' | 'bad';
  readonly text: string;
  readonly link?: { readonly href: string; readonly text: string };
}

const SHOWN_MS = 6000;

export const notices = signal<readonly Notice[]>([]);
let last = 0;

/** Shows that an action succeeded. The notice disappears after some seconds. */
export function announce(text: string, link?: Notice['link']): void {
  const id = add({ tone: 'good', text, ...(link && { link }) });
  setTimeout(() => dismiss(id), SHOWN_MS);
}

/** Shows an error. The notice stays until the reader dismisses it. */
export function complain(error: unknown): void {
  add({ tone: 'bad', text: sentenceOf(error) });
}

export function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}

export function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function add(notice: Omit<Notice, 'id'>): number {
  last += 1;
  notices.value = [...notices.value.slice(-3), { ...notice, id: last }];
  return last;
}
