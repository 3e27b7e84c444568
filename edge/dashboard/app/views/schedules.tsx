import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Schedule } from '../../../contract/schedule.ts';
import { schedulesHref } from '../../logic/route.ts';
import { Empty } from '../components/empty.tsx';
import { Icon } from '../components/icon.tsx';
import { SkeletonRows } from '../components/skeleton.tsx';
import { changes } from '../state/actions.ts';
import { sentenceOf } from '../state/notices.ts';
import { edited, editNew, loadSchedules, type SchedulePage } from '../state/schedules.ts';
import { DeleteDialog } from './schedules/delete-dialog.tsx';
import { EditDialog } from './schedules/edit-dialog.tsx';
import { ScheduleRow } from './schedules/schedule-row.tsx';

/** The runs of schedules are not in the live updates, so the page asks for them. */
const REFRESH_MS = 5000;
const COLUMNS = 5;

/** A page of schedules: their times, their last runs, and what can be done with them. */
export function Schedules({ cursor }: { cursor: string | undefined }): JSX.Element {
  const { page, error } = usePage(cursor);
  const [deleting, setDeleting] = useState<Schedule>();
  return (
    <>
      <div class="head">
        <h1>Schedules</h1>
        <button type="button" class="button" onClick={editNew}>
          <Icon name="plus" />
          New schedule
        </button>
      </div>
      <section class="panel" aria-label="Schedules">
        {error !== undefined && page === undefined ? (
          <Empty title="The schedules could not be read">{error}</Empty>
        ) : page?.schedules.length === 0 ? (
          <NoSchedules isFirst={cursor === undefined} />
        ) : (
          <div class="scroll">
            <table class="table cards schedules-table">
              <thead>
                <tr>
                  <th scope="col">Schedule</th>
                  <th scope="col">Times</th>
                  <th scope="col">Next run</th>
                  <th scope="col">Last run</th>
                  <th scope="col">
                    <span class="unseen">Actions</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {page === undefined && <SkeletonRows rows={5} columns={COLUMNS} />}
                {page?.schedules.map((schedule) => (
                  <ScheduleRow
                    key={schedule.name}
                    schedule={schedule}
                    columns={COLUMNS}
                    onDelete={() => setDeleting(schedule)}
                  />
                ))}
              </tbody>
            </table>
          </div>
        )}
        {(cursor !== undefined || page?.next !== undefined) && (
          <nav class="foot pages" aria-label="Pages">
            {cursor !== undefined && <a href={schedulesHref()}>First page</a>}
            {page?.next !== undefined && <a href={schedulesHref(page.next)}>Next page</a>}
          </nav>
        )}
      </section>
      {edited.value && <EditDialog key={edited.value.name ?? ''} {...edited.value} />}
      {deleting && <DeleteDialog schedule={deleting} onClose={() => setDeleting(undefined)} />}
    </>
  );
}

function usePage(cursor: string | undefined): { page: SchedulePage | undefined; error: string | undefined } {
  const [page, setPage] = useState<SchedulePage>();
  const [error, setError] = useState<string>();
  const changed = changes.value;
  useEffect(() => {
    let isShown = true;
    const load = () => {
      if (document.hidden) return;
      loadSchedules(cursor).then(
        (loaded) => {
          if (!isShown) return;
          setPage(loaded);
          setError(undefined);
        },
        (failure: unknown) => {
          if (isShown) setError(sentenceOf(failure));
        },
      );
    };
    load();
    const timer = setInterval(load, REFRESH_MS);
    return () => {
      isShown = false;
      clearInterval(timer);
    };
  }, [cursor, changed]);
  return { page, error };
}

function NoSchedules({ isFirst }: { isFirst: boolean }): JSX.Element {
  if (!isFirst) {
    return <Empty title="No more schedules" actions={<a href={schedulesHref()}>First page</a>} />;
  }
  return (
    <Empty
      title="No schedule yet"
      actions={
        <button type="button" class="button primary" onClick={editNew}>
          New schedule
        </button>
      }
    >
      A schedule inserts a task at planned times. Task types can declare one:{' '}
      <code>runner schedules apply</code> sets it.
    </Empty>
  );
}
