import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { filterQuery, type TaskFilter } from '../../logic/filter.ts';
import { changes } from '../state/actions.ts';
import { type Bulk, BulkChange } from '../state/bulk-change.ts';
import { stats } from '../state/live.ts';
import { TaskListing } from '../state/task-listing.ts';
import { BulkDialog } from './tasks/bulk-dialog.tsx';
import { Filters } from './tasks/filters.tsx';
import { Pages } from './tasks/pages.tsx';
import { TaskTable } from './tasks/task-table.tsx';
import { Toolbar } from './tasks/toolbar.tsx';

/** A page of the tasks that match a filter, newest first. */
export function Tasks({ filter, cursor }: { filter: TaskFilter; cursor: string | undefined }): JSX.Element {
  const address = `${filterQuery(filter)} ${cursor}`;
  const table = useRef<HTMLElement>(null);
  const listing = useMemo(() => new TaskListing(filter, cursor, () => isInUse(table.current)), [address]);
  useEffect(() => () => listing.close(), [listing]);

  useEffect(() => {
    const note = () => {
      if (!document.hidden) listing.note();
    };
    document.addEventListener('visibilitychange', note);
    const unsubscribe = stats.subscribe(note);
    return () => {
      document.removeEventListener('visibilitychange', note);
      unsubscribe();
    };
  }, [listing]);
  useEffect(() => {
    let seen = changes.value;
    return changes.subscribe((count) => {
      if (count !== seen) listing.refresh();
      seen = count;
    });
  }, [listing]);

  const [bulk, setBulk] = useState<BulkChange>();
  const endBulk = () => {
    setBulk(undefined);
    // After a bulk change the reader wants to see what is left, even if the pointer is on the rows.
    listing.reload();
  };
  return (
    <>
      <div class="head">
        <h1>Tasks</h1>
      </div>
      <Filters filter={filter} />
      <section class="panel" aria-label="Tasks" ref={table} onMouseLeave={() => listing.note()}>
        <Toolbar
          listing={listing}
          filter={filter}
          cursor={cursor}
          onBulk={(order: Bulk) => setBulk(new BulkChange(order))}
        />
        <TaskTable listing={listing} filter={filter} />
        <Pages listing={listing} filter={filter} cursor={cursor} />
      </section>
      {bulk && <BulkDialog change={bulk} onClose={endBulk} />}
    </>
  );
}

/** Whether the reader is using the rows: then none of them may move. */
function isInUse(place: HTMLElement | null): boolean {
  const rows = place?.querySelector('tbody');
  if (!rows) return false;
  const isRead = rows.getBoundingClientRect().top < 0;
  return isRead || rows.matches(':hover') || rows.contains(document.activeElement);
}
