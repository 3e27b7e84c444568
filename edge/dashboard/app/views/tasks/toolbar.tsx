import type { JSX } from 'preact';
import { countOf } from '../../../logic/counts.ts';
import { isEmptyFilter, type TaskFilter } from '../../../logic/filter.ts';
import { type Bulk, bulkOf } from '../../state/bulk-change.ts';
import { connection } from '../../state/live.ts';
import type { TaskListing } from '../../state/task-listing.ts';

interface ToolbarProps {
  readonly listing: TaskListing;
  readonly filter: TaskFilter;
  readonly cursor: string | undefined;
  readonly onBulk: (bulk: Bulk) => void;
}

/** What is listed, which updates are held back, and the buttons that change all listed tasks. */
export function Toolbar({ listing, filter, cursor, onBulk }: ToolbarProps): JSX.Element {
  const rows = listing.rows.value;
  const hasRows = rows !== undefined && rows.length > 0;
  return (
    <header>
      <p class="muted number" role="status">
        {describe(listing, cursor)}
      </p>
      <div class="actions">
        <News listing={listing} />
        {hasRows && <BulkButtons filter={filter} onBulk={onBulk} />}
      </div>
    </header>
  );
}

function describe(listing: TaskListing, cursor: string | undefined): string {
  const rows = listing.rows.value;
  if (rows === undefined) return 'Loading…';
  if (listing.searching.value) return `${countOf(rows.length, 'task')} found, searching…`;
  if (rows.length === 0) return 'No tasks';
  const follows = cursor === undefined && connection.value === 'live';
  return `${countOf(rows.length, 'task')}, ${cursor === undefined ? 'newest first' : 'older tasks'}${follows ? ', live' : ''}`;
}

function News({ listing }: { listing: TaskListing }): JSX.Element | null {
  const pending = listing.pending.value;
  if (!pending) return null;
  const { added, gone } = pending;
  const parts = [added > 0 && `${added} new`, gone.size > 0 && `${gone.size} no longer listed`];
  return (
    <button type="button" class="button small" onClick={() => listing.showPending()}>
      {parts.filter(Boolean).join(', ')}: show
    </button>
  );
}

interface BulkButtonsProps {
  readonly filter: TaskFilter;
  readonly onBulk: (bulk: Bulk) => void;
}

function BulkButtons({ filter, onBulk }: BulkButtonsProps): JSX.Element {
  const { status, ...others } = filter;
  const bulks = status
    ? [bulkOf(filter, status)]
    : isEmptyFilter(others)
      ? []
      : [bulkOf(filter, 'failed'), bulkOf(filter, 'pending')];
  return (
    <>
      {bulks.map((bulk) => {
        if (!bulk) return null;
        const verb = bulk.kind === 'retry' ? 'Retry' : 'Cancel';
        return (
          <button
            key={bulk.kind}
            type="button"
            class={bulk.kind === 'cancel' ? 'button small danger' : 'button small'}
            onClick={() => onBulk(bulk)}
          >
            {status ? `${verb} all…` : `${verb} all ${bulk.filter.status}…`}
          </button>
        );
      })}
    </>
  );
}
