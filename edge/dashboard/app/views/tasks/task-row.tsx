import type { JSX } from 'preact';
import { formatDuration } from '../../../logic/durations.ts';
import { taskHref } from '../../../logic/route.ts';
import { Status } from '../../components/status.tsx';
import { Tag } from '../../components/tag.tsx';
import { Ago } from '../../components/time.tsx';
import { busy, cancelTask, retryTask } from '../../state/actions.ts';
import type { TaskSummary } from '../../state/task-listing.ts';

/** A task in a list. The whole row is a link to the task. */
export function TaskRow({ task, isGone }: { task: TaskSummary; isGone: boolean }): JSX.Element {
  const { id, type, status, attempt, createdAt, completedAt, tags } = task;
  return (
    <tr class={isGone ? 'is-gone' : ''} title={isGone ? 'It no longer matches the filters' : undefined}>
      <td class="state">
        <Status status={status} />
      </td>
      <td class="type" title={type}>
        {type}
      </td>
      <td class="id mono">
        <a href={taskHref(id)} data-row>
          {id}
        </a>
      </td>
      <td class="tag-cell">{tags && <Tags tags={tags} />}</td>
      <td class="attempt end" data-label="Attempt">
        {attempt === 0 ? <span class="zero">–</span> : attempt}
      </td>
      <td class="created end" data-label="Created">
        <Ago at={createdAt} />
      </td>
      <td class="took end" data-label="Took">
        {completedAt ? (
          formatDuration(Date.parse(completedAt) - Date.parse(createdAt))
        ) : (
          <span class="zero">–</span>
        )}
      </td>
      <td class="do">
        <RowAction task={task} />
      </td>
    </tr>
  );
}

function Tags({ tags }: { tags: readonly string[] }): JSX.Element {
  return (
    <span class="tags">
      {tags.map((tag) => (
        <Tag key={tag} tag={tag} />
      ))}
    </span>
  );
}

function RowAction({ task: { id, type, status } }: { task: TaskSummary }): JSX.Element | null {
  if (status === 'completed') return null;
  const isOver = status === 'failed' || status === 'cancelled';
  const verb = isOver ? 'Retry' : 'Cancel';
  return (
    <div class="actions">
      <button
        type="button"
        class="button small plain"
        aria-label={`${verb} ${type} ${id}`}
        disabled={busy.value.has(id)}
        onClick={() => (isOver ? retryTask(id) : cancelTask(id))}
      >
        {verb}
      </button>
    </div>
  );
}
