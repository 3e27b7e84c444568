import type { ComponentChildren, JSX } from 'preact';
import type { TaskView } from '../../../../contract/api.ts';
import { formatDuration } from '../../../logic/durations.ts';
import { Tag } from '../../components/tag.tsx';
import { Ago, At, Until } from '../../components/time.tsx';

/** The fields of a task. */
export function Facts({ task }: { task: TaskView }): JSX.Element {
  const { createdAt, completedAt, runAt, attempt, maxAttempts, priority, timeoutSeconds, tags } = task;
  return (
    <section class="panel" aria-label="About the task">
      <dl class="facts">
        <Fact name="Created">
          <At at={createdAt} />
          <span class="aside">
            <Ago at={createdAt} />
          </span>
        </Fact>
        {runAt && (
          <Fact name="Runs">
            <Until at={runAt} />
            <span class="aside">
              <At at={runAt} />
            </span>
          </Fact>
        )}
        {completedAt && (
          <Fact name="Ended">
            <At at={completedAt} />
            <span class="aside">after {formatDuration(Date.parse(completedAt) - Date.parse(createdAt))}</span>
          </Fact>
        )}
        <Fact name="Attempts">
          {attempt} of {maxAttempts}
        </Fact>
        <Fact name="Priority">{priority}</Fact>
        <Fact name="Time limit">
          {timeoutSeconds === undefined ? 'default of its type' : formatDuration(timeoutSeconds * 1000)}
        </Fact>
        <Fact name="Tags">
          {tags && tags.length > 0 ? (
            <span class="type-list">
              {tags.map((tag) => (
                <Tag key={tag} tag={tag} />
              ))}
            </span>
          ) : (
            <span class="muted">none</span>
          )}
        </Fact>
      </dl>
    </section>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
