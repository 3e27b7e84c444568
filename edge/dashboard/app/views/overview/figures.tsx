import type { ComponentChildren, JSX } from 'preact';
import type { QueueStats } from '../../../../contract/stats.ts';
import { formatCount, waiting } from '../../../logic/counts.ts';
import { taskHref, tasksHref } from '../../../logic/route.ts';
import { Skeleton } from '../../components/skeleton.tsx';
import { type ShownStatus, StatusSign } from '../../components/status.tsx';
import { Since } from '../../components/time.tsx';
import { stats } from '../../state/live.ts';

/** The current number of tasks by status, and the task that has waited longest. */
export function Figures(): JSX.Element {
  const now = stats.value;
  const counts = now?.counts;
  return (
    <section class="panel" aria-label="Tasks now">
      <dl class="figures">
        <Figure
          name="Waiting"
          sign="pending"
          href={tasksHref({ status: 'pending' })}
          value={counts && waiting(counts)}
          part={counts && `${formatCount(counts.ready)} ready, ${formatCount(counts.scheduled)} scheduled`}
        />
        <Figure
          name="Running"
          sign="processing"
          href={tasksHref({ status: 'processing' })}
          value={counts?.processing}
          part="held by runners"
        />
        <Figure
          name="Completed"
          sign="completed"
          href={tasksHref({ status: 'completed' })}
          value={counts?.completed}
          part={counts && `${formatCount(counts.cancelled)} cancelled, kept for a day`}
        />
        <Figure
          name="Failed"
          sign="failed"
          href={tasksHref({ status: 'failed' })}
          value={counts?.failed}
          part="kept for a day"
          isBad={(counts?.failed ?? 0) > 0}
        />
        <OldestWaiting now={now} />
      </dl>
    </section>
  );
}

interface FigureProps {
  readonly name: string;
  readonly sign: ShownStatus;
  readonly href: string;
  readonly value: number | undefined;
  readonly part: ComponentChildren;
  readonly isBad?: boolean;
}

function Figure({ name, sign, href, value, part, isBad = false }: FigureProps): JSX.Element {
  return (
    <div class={isBad ? 'is-bad' : ''}>
      <dt>
        <StatusSign status={sign} />
        {name}
      </dt>
      <dd class="value">
        {value === undefined ? <Skeleton at={4} /> : <a href={href}>{formatCount(value)}</a>}
      </dd>
      <dd class="part">{part ?? <Skeleton />}</dd>
    </div>
  );
}

function OldestWaiting({ now }: { now: QueueStats | undefined }): JSX.Element {
  const oldest = now?.oldestWaiting;
  return (
    <div>
      <dt>
        <StatusSign status="scheduled" />
        Oldest waiting
      </dt>
      <dd class="value">
        {oldest ? (
          <a href={taskHref(oldest.taskId)}>
            <Since at={oldest.since} />
          </a>
        ) : now ? (
          <span class="muted">–</span>
        ) : (
          <Skeleton at={4} />
        )}
      </dd>
      <dd class="part">
        {oldest ? `${oldest.type}, ready but not claimed` : now ? 'no task is ready' : <Skeleton />}
      </dd>
    </div>
  );
}
