import type { JSX } from 'preact';
import { formatTime } from '../../logic/times.ts';
import { now } from '../state/clock.ts';
import { type Connection, connection, connectNow, nextAttemptAt, updatedAt } from '../state/live.ts';

const WORDS: Record<Connection, string> = {
  connecting: 'Connecting',
  live: 'Live',
  reconnecting: 'Reconnecting',
  offline: 'Offline',
};

/** The state of the connection, in one word. */
export function ConnectionState(): JSX.Element {
  const state = connection.value;
  return (
    <span class="connection" data-state={state} role="status" aria-label={`Connection: ${WORDS[state]}`}>
      {WORDS[state]}
    </span>
  );
}

/** Explains that the page is out of date, and when it tries again. */
export function OfflineStrip(): JSX.Element | null {
  if (connection.value !== 'offline') return null;
  const shownAt = updatedAt.value;
  return (
    <div class="strip">
      <p>
        The worker cannot be reached.{' '}
        {shownAt === undefined
          ? 'Nothing could be loaded yet.'
          : `What you see is from ${formatTime(shownAt, now.value)}.`}{' '}
        <NextAttempt />
      </p>
      <button type="button" class="button small" onClick={connectNow}>
        Try now
      </button>
    </div>
  );
}

function NextAttempt(): JSX.Element {
  const at = nextAttemptAt.value;
  // Read only to update each second. The time of the attempt is from this machine's clock.
  void now.value;
  const seconds = at === undefined ? 0 : Math.ceil((at - Date.now()) / 1000);
  return <span class="number">{seconds > 0 ? `Trying again in ${seconds} s.` : 'Trying now.'}</span>;
}
