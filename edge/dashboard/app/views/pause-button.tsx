import type { JSX } from 'preact';
import type { TypeStats } from '../../../contract/stats.ts';
import { Icon } from '../components/icon.tsx';
import { busy, pauseType, resumeType } from '../state/actions.ts';

/** Pauses a type, or resumes it. */
export function PauseButton({ type: { type, paused } }: { type: TypeStats }): JSX.Element {
  return (
    <button
      type="button"
      class="button small"
      aria-label={`${paused ? 'Resume' : 'Pause'} ${type}`}
      disabled={busy.value.has(type)}
      onClick={() => (paused ? resumeType(type) : pauseType(type))}
    >
      <Icon name={paused ? 'play' : 'pause'} size={14} />
      {paused ? 'Resume' : 'Pause'}
    </button>
  );
}
