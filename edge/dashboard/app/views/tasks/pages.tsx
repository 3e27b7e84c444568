import type { JSX } from 'preact';
import { createdAtOf } from '../../../../contract/task-id.ts';
import type { TaskFilter } from '../../../logic/filter.ts';
import { tasksHref } from '../../../logic/route.ts';
import { formatTime } from '../../../logic/times.ts';
import { Icon } from '../../components/icon.tsx';
import { now } from '../../state/clock.ts';
import { navigate } from '../../state/route.ts';
import type { TaskListing } from '../../state/task-listing.ts';

interface PagesProps {
  readonly listing: TaskListing;
  readonly filter: TaskFilter;
  readonly cursor: string | undefined;
}

/** Links to older and newer pages. The history entry stores the newer pages that the reader came from. */
export function Pages({ listing, filter, cursor }: PagesProps): JSX.Element | null {
  const next = listing.nextCursor.value;
  if (listing.stopped.value && next !== undefined) return <SearchOn listing={listing} cursor={next} />;
  const trail = readTrail();
  if (next === undefined && cursor === undefined) return null;
  const go = (to: string | undefined, newer: readonly string[]) => {
    navigate(tasksHref(filter, to), { state: { trail: newer } });
    scrollTo({ top: 0 });
  };
  return (
    <nav class="foot" aria-label="Pages">
      <div class="actions">
        {cursor !== undefined && (
          <button type="button" class="button small" onClick={() => go(undefined, [])}>
            <Icon name="newest" size={14} />
            Newest
          </button>
        )}
        {trail.length > 0 && (
          <button
            type="button"
            class="button small"
            onClick={() => go(trail.at(-1) || undefined, trail.slice(0, -1))}
          >
            <Icon name="newer" size={14} />
            Newer
          </button>
        )}
      </div>
      {next !== undefined && (
        <button type="button" class="button small" onClick={() => go(next, [...trail, cursor ?? ''])}>
          Older
          <Icon name="older" size={14} />
        </button>
      )}
    </nav>
  );
}

/** The cursors of the newer pages that the reader came from. The cursor of the first page is empty. */
function readTrail(): readonly string[] {
  const state: unknown = history.state;
  if (typeof state !== 'object' || state === null || !('trail' in state)) return [];
  return Array.isArray(state.trail) ? state.trail.filter((cursor) => typeof cursor === 'string') : [];
}

function SearchOn({ listing, cursor }: { listing: TaskListing; cursor: string }): JSX.Element {
  const found = listing.rows.value?.length ?? 0;
  const isSearching = listing.searching.value;
  return (
    <div class="searched">
      <p>
        {found === 0 ? 'Nothing found' : 'These were found'} among the tasks created since{' '}
        {formatTime(createdAtOf(cursor), now.value)};{' '}
        {isSearching ? 'searching the older ones…' : 'there are older ones.'}
      </p>
      {!isSearching && (
        <button type="button" class="button small" onClick={() => listing.searchOn()}>
          Continue the search
        </button>
      )}
    </div>
  );
}
