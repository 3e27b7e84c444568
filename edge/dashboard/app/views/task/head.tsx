import type { JSX } from 'preact';
import type { TaskView } from '../../../../contract/api.ts';
import { tasksHref } from '../../../logic/route.ts';
import { EMPTY_FORM } from '../../../logic/submission-form.ts';
import { CopyButton } from '../../components/copy-button.tsx';
import { Icon } from '../../components/icon.tsx';
import { type ShownStatus, Status } from '../../components/status.tsx';
import { busy, cancelTask, retryTask } from '../../state/actions.ts';
import { openDraft } from '../../state/submission.ts';

/** A task's type and status, and the buttons that change it. */
export function TaskHead({ task, isArchived }: { task: TaskView; isArchived: boolean }): JSX.Element {
  const { taskId, type, status } = task;
  const isBusy = busy.value.has(taskId);
  const isOver = status === 'failed' || status === 'cancelled';
  return (
    <div class="head">
      <div class="task-head">
        <div class="title">
          <h1>
            <a href={tasksHref({ type })} title={`Tasks of the type ${type}`}>
              {type}
            </a>
          </h1>
          <span role="status">
            <Status status={shownStatus(task)} />
          </span>
        </div>
        <p class="id mono">
          {taskId}
          <CopyButton what="id" text={() => taskId} />
        </p>
      </div>
      <div class="actions">
        <button type="button" class="button" onClick={() => submitAgain(task)}>
          <Icon name="copy" size={14} />
          Submit again
        </button>
        {isOver && !isArchived && (
          <button type="button" class="button primary" disabled={isBusy} onClick={() => retryTask(taskId)}>
            <Icon name="retry" size={14} />
            Retry
          </button>
        )}
        {(status === 'pending' || status === 'processing') && (
          <button type="button" class="button danger" disabled={isBusy} onClick={() => cancelTask(taskId)}>
            <Icon name="cancel" size={14} />
            Cancel
          </button>
        )}
      </div>
    </div>
  );
}

function shownStatus({ status, runAt }: TaskView): ShownStatus {
  return status === 'pending' && runAt !== undefined ? 'scheduled' : status;
}

/** Opens the form of a new task with the values of this one. */
function submitAgain({ type, payload, priority, maxAttempts, timeoutSeconds, tags }: TaskView): void {
  openDraft({
    ...EMPTY_FORM,
    type,
    payload: JSON.stringify(payload, null, 2),
    priority: priority === 0 ? '' : String(priority),
    maxAttempts: String(maxAttempts),
    timeoutSeconds: timeoutSeconds === undefined ? '' : String(timeoutSeconds),
    tags: (tags ?? []).join(', '),
  });
}
