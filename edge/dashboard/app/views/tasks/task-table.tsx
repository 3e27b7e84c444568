import type { JSX } from 'preact';
import { countOf } from '../../../logic/counts.ts';
import { isEmptyFilter, type TaskFilter } from '../../../logic/filter.ts';
import { tasksHref } from '../../../logic/route.ts';
import { Empty } from '../../components/empty.tsx';
import { SkeletonRows } from '../../components/skeleton.tsx';
import { openDraft } from '../../state/submission.ts';
import type { TaskListing } from '../../state/task-listing.ts';
import { TaskRow } from './task-row.tsx';

const COLUMNS = 8;

/** The rows of a page, or the reason why there are none. */
export function TaskTable({ listing, filter }: { listing: TaskListing; filter: TaskFilter }): JSX.Element {
  const rows = listing.rows.value;
  const error = listing.error.value;
  if (rows === undefined && error !== undefined) return <Failed listing={listing} error={error} />;
  if (rows?.length === 0 && !listing.stopped.value) return <NoTasks filter={filter} />;
  const gone = listing.pending.value?.gone;
  return (
    <>
      {error !== undefined && <Stale listing={listing} error={error} />}
      <table class="table cards task-table" aria-busy={rows === undefined}>
        <thead>
          <tr>
            <th scope="col" class="c-status">
              Status
            </th>
            <th scope="col">Type</th>
            <th scope="col" class="c-id">
              Task
            </th>
            <th scope="col" class="c-tags">
              Tags
            </th>
            <th scope="col" class="c-attempt end">
              Attempt
            </th>
            <th scope="col" class="c-created end">
              Created
            </th>
            <th scope="col" class="c-took end">
              Took
            </th>
            <th scope="col" class="c-actions">
              <span class="unseen">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows === undefined && <SkeletonRows rows={12} columns={COLUMNS} />}
          {rows?.map((task) => (
            <TaskRow key={task.id} task={task} isGone={gone?.has(task.id) ?? false} />
          ))}
        </tbody>
      </table>
    </>
  );
}

function NoTasks({ filter }: { filter: TaskFilter }): JSX.Element {
  if (!isEmptyFilter(filter)) {
    return (
      <Empty
        title="No task matches"
        actions={
          <a class="button" href={tasksHref()}>
            Clear the filter
          </a>
        }
      >
        Ended tasks are listed for a day. After that, only their full id finds them.
      </Empty>
    );
  }
  return (
    <Empty
      title="No task yet"
      actions={
        <button type="button" class="button primary" onClick={() => openDraft()}>
          New task
        </button>
      }
    >
      Submit the first one here, or send it to <code>POST /tasks</code>.
    </Empty>
  );
}

function Failed({ listing, error }: { listing: TaskListing; error: string }): JSX.Element {
  return (
    <Empty
      title="The tasks cannot be listed"
      actions={
        <button type="button" class="button" onClick={() => listing.reload()}>
          Try again
        </button>
      }
    >
      {error}
    </Empty>
  );
}

function Stale({ listing, error }: { listing: TaskListing; error: string }): JSX.Element {
  return (
    <div class="searched" role="alert">
      <p>
        {countOf(listing.rows.value?.length ?? 0, 'task')}, out of date: {error}
      </p>
      <button type="button" class="button small" onClick={() => listing.reload()}>
        Try again
      </button>
    </div>
  );
}
