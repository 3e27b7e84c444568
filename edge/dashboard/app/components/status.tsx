import type { JSX } from 'preact';
import type { TaskStatus } from '../../../contract/task.ts';

/** A status as the page shows it. `scheduled` is a pending task that waits for its time. */
export type ShownStatus = TaskStatus | 'scheduled';

const SHOWN: Record<ShownStatus, { name: string; tone: string; sign: JSX.Element }> = {
  pending: {
    name: 'Pending',
    tone: 'waiting',
    sign: <circle cx="8" cy="8" r="5.5" class="outline" stroke-dasharray="2.6 1.7" />,
  },
  scheduled: {
    name: 'Scheduled',
    tone: 'waiting',
    sign: (
      <>
        <circle cx="8" cy="8" r="5.5" class="outline" />
        <path d="M8 5v3.2l2 1.3" class="outline" />
      </>
    ),
  },
  processing: {
    name: 'Processing',
    tone: 'running',
    sign: (
      <>
        <circle cx="8" cy="8" r="5.5" class="outline" />
        <path d="M8 8V4.6a3.4 3.4 0 1 1-2.9 5.2z" fill="currentColor" />
      </>
    ),
  },
  completed: {
    name: 'Completed',
    tone: 'good',
    sign: (
      <>
        <circle cx="8" cy="8" r="6.2" fill="currentColor" />
        <path d="M5.2 8.3l2 1.9 3.6-4.2" class="cut" />
      </>
    ),
  },
  failed: {
    name: 'Failed',
    tone: 'bad',
    sign: (
      <>
        <circle cx="8" cy="8" r="6.2" fill="currentColor" />
        <path d="M5.8 5.8l4.4 4.4M10.2 5.8l-4.4 4.4" class="cut" />
      </>
    ),
  },
  cancelled: {
    name: 'Cancelled',
    tone: 'off',
    sign: (
      <>
        <circle cx="8" cy="8" r="5.5" class="outline" />
        <path d="M4.4 11.6l7.2-7.2" class="outline" />
      </>
    ),
  },
};

export function statusName(status: ShownStatus): string {
  return SHOWN[status].name;
}

/** Only the sign of a status, for use next to its name. */
export function StatusSign({ status }: { status: ShownStatus }): JSX.Element {
  const { tone, sign } = SHOWN[status];
  return (
    <svg class={`sign tone-${tone}`} width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
      {sign}
    </svg>
  );
}

/** A status as a sign and a word, so that nobody depends on the colour. */
export function Status({ status }: { status: ShownStatus }): JSX.Element {
  return (
    <span class="status">
      <StatusSign status={status} />
      {SHOWN[status].name}
    </span>
  );
}
