import type { JSX } from 'preact';
import { countByStatus, countOf, formatCount } from '../../../logic/counts.ts';
import { describeFilter, isEmptyFilter } from '../../../logic/filter.ts';
import { formatTime } from '../../../logic/times.ts';
import { Dialog } from '../../components/dialog.tsx';
import type { Bulk, BulkChange } from '../../state/bulk-change.ts';
import { now } from '../../state/clock.ts';
import { stats } from '../../state/live.ts';

const WORDS = {
  retry: { title: 'Retry all', verb: 'Retry', done: 'will run again' },
  cancel: { title: 'Cancel all', verb: 'Cancel', done: 'cancelled' },
} as const;

/** Asks for confirmation before many tasks are changed, and shows the progress. */
export function BulkDialog({ change, onClose }: { change: BulkChange; onClose: () => void }): JSX.Element {
  const { bulk } = change;
  const isRunning = change.state.value === 'running';
  return (
    <Dialog title={WORDS[bulk.kind].title} onClose={onClose} mayClose={() => !isRunning}>
      {change.state.value === 'asked' ? (
        <Question change={change} onClose={onClose} />
      ) : (
        <Outcome change={change} onClose={onClose} />
      )}
    </Dialog>
  );
}

function Question({ change, onClose }: { change: BulkChange; onClose: () => void }): JSX.Element {
  const { bulk } = change;
  const { verb } = WORDS[bulk.kind];
  const count = countKnown(bulk);
  return (
    <>
      <div class="middle">
        <p>
          {verb} all <strong>{describe(bulk)}</strong>
          {count !== undefined && `: ${countOf(count, 'task')} now`}?
        </p>
        <p class="muted">{consequence(bulk)}</p>
      </div>
      <div class="bottom">
        <button type="button" class="button" onClick={onClose}>
          Go back
        </button>
        <button
          type="button"
          class={bulk.kind === 'cancel' ? 'button danger' : 'button primary'}
          onClick={() => change.run()}
        >
          {count === undefined ? `${verb} them` : `${verb} ${countOf(count, 'task')}`}
        </button>
      </div>
    </>
  );
}

function Outcome({ change, onClose }: { change: BulkChange; onClose: () => void }): JSX.Element {
  const state = change.state.value;
  const changed = change.changed.value;
  return (
    <>
      <div class="middle">
        <p class="counters" role="status">
          <strong>{formatCount(changed)}</strong> {changed === 1 ? 'task' : 'tasks'}{' '}
          {WORDS[change.bulk.kind].done}
          {state === 'running' && ' so far…'}
        </p>
        {state === 'running' && <progress class="endless" aria-label="In progress" />}
        {state === 'done' && change.stopped.value && <p>You stopped it. The other tasks are unchanged.</p>}
        {state === 'failed' && (
          <p class="issue" role="alert">
            It ended early. The other tasks are unchanged. {change.error.value}
          </p>
        )}
      </div>
      <div class="bottom">
        {state === 'running' ? (
          <button type="button" class="button" onClick={() => change.stop()}>
            Stop
          </button>
        ) : (
          <>
            {(state === 'failed' || change.stopped.value) && (
              <button type="button" class="button" onClick={() => change.run()}>
                Continue
              </button>
            )}
            <button type="button" class="button primary" onClick={onClose}>
              Done
            </button>
          </>
        )}
      </div>
    </>
  );
}

function describe({ filter }: Bulk): string {
  return describeFilter(filter, (iso) => formatTime(Date.parse(iso), now.value));
}

function consequence({ kind, filter }: Bulk): string {
  if (kind === 'retry') {
    return 'Each task starts again with all its attempts. Tasks that could not be read at submission are not retried.';
  }
  return filter.status === 'processing'
    ? 'Their runners abort them. Work that is already done is not undone.'
    : 'They will not run unless you retry them. Tasks that start in the meantime are not cancelled.';
}

/** The number of tasks that match, if the statistics contain it. */
function countKnown({ filter: { status, type, ...others } }: Bulk): number | undefined {
  if (!isEmptyFilter(others)) return undefined;
  const counts = type ? stats.value?.types.find((one) => one.type === type)?.counts : stats.value?.counts;
  return counts && countByStatus(counts, status);
}
