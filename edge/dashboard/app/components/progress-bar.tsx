import type { JSX } from 'preact';
import { readProgress } from '../../logic/progress.ts';

/** The progress of a running task: a bar if the value is a part of a whole, otherwise the value. */
export function ProgressBar({ value }: { value: unknown }): JSX.Element {
  const progress = readProgress(value);
  const isPlain = typeof value === 'number';
  return (
    <div class="progress">
      {progress && (
        <div class="line">
          <progress max={1} value={progress.fraction} aria-label="Progress" />
          <span class="number">{progress.label}</span>
        </div>
      )}
      {!(progress && isPlain) && <code class="muted">{JSON.stringify(value)}</code>}
    </div>
  );
}
