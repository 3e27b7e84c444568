import type { JSX } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';
import type { TaskView } from '../../../contract/api.ts';
import { Empty } from '../components/empty.tsx';
import { JsonView } from '../components/json-view.tsx';
import { ProgressBar } from '../components/progress-bar.tsx';
import { Skeleton } from '../components/skeleton.tsx';
import { changes } from '../state/actions.ts';
import { FollowedTask } from '../state/followed-task.ts';
import { Facts } from './task/facts.tsx';
import { TaskHead } from './task/head.tsx';
import { Timeline } from './task/timeline.tsx';

/** One task: its status, its history, its payload and its result. */
export function Task({ id }: { id: string }): JSX.Element {
  const followed = useMemo(() => new FollowedTask(id), [id]);
  useEffect(() => () => followed.close(), [followed]);
  useEffect(() => {
    let seen = changes.value;
    return changes.subscribe((count) => {
      if (count !== seen) followed.restart();
      seen = count;
    });
  }, [followed]);

  const task = followed.view.value;
  const error = followed.error.value;
  if (!task) {
    return error ? (
      <NotShown followed={followed} missing={error.missing} text={error.text} />
    ) : (
      <Loading id={id} />
    );
  }
  return (
    <>
      <TaskHead task={task} isArchived={followed.archived.value} />
      {error && (
        <div class="banner" role="alert">
          <p>This page is out of date. {error.text}</p>
        </div>
      )}
      {followed.archived.value && (
        <div class="banner">
          <p>
            This task is archived: you can still read it, but you cannot retry it. To run a copy, submit it
            again.
          </p>
        </div>
      )}
      {task.error && task.status !== 'completed' && task.status !== 'cancelled' && <Fault task={task} />}
      {task.status === 'processing' && task.progress !== undefined && (
        <section class="panel" aria-label="Progress">
          <div class="padded">
            <ProgressBar value={task.progress} />
          </div>
        </section>
      )}
      <Facts task={task} />
      <Timeline task={task} />
      <div class="columns">
        <JsonView name="Payload" value={task.payload} />
        {task.status === 'completed' && <JsonView name="Result" value={task.result ?? null} />}
      </div>
    </>
  );
}

function Fault({ task }: { task: TaskView }): JSX.Element {
  return (
    <section class="fault" aria-label="Error">
      <h2>{task.status === 'failed' ? 'Failed' : 'The last attempt failed'}</h2>
      <p>
        <code>{task.error?.code}</code> {task.error?.message}
      </p>
    </section>
  );
}

interface NotShownProps {
  readonly followed: FollowedTask;
  readonly missing: boolean;
  readonly text: string;
}

function NotShown({ followed, missing, text }: NotShownProps): JSX.Element {
  return (
    <section class="panel">
      <Empty
        title={missing ? 'No such task' : 'The task cannot be shown now'}
        actions={
          <>
            <a class="button" href="#/tasks">
              All tasks
            </a>
            {!missing && (
              <button type="button" class="button" onClick={() => followed.restart()}>
                Try again
              </button>
            )}
          </>
        }
      >
        {text}
      </Empty>
    </section>
  );
}

function Loading({ id }: { id: string }): JSX.Element {
  return (
    <div aria-busy="true">
      <p class="unseen" role="status">
        Loading the task {id}
      </p>
      <div class="task-head" aria-hidden="true">
        <h1>
          <Skeleton at={2} />
        </h1>
        <Skeleton at={1} />
      </div>
    </div>
  );
}
