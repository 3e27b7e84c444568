import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Schedule } from '../../../../contract/schedule.ts';
import { formatDuration } from '../../../logic/durations.ts';
import { taskHref, tasksHref } from '../../../logic/route.ts';
import { formatZoned } from '../../../logic/times.ts';
import { Icon } from '../../components/icon.tsx';
import { Status } from '../../components/status.tsx';
import { Ago, Until } from '../../components/time.tsx';
import { busy } from '../../state/actions.ts';
import { complain } from '../../state/notices.ts';
import { edit, loadDetails, pause, resume, runNow } from '../../state/schedules.ts';

/** A run that is inserted later than this after its planned time is shown as late. */
const LATE_MS = 5000;

interface RowProps {
  readonly schedule: Schedule;
  readonly columns: number;
  readonly onDelete: () => void;
}

/** A schedule, and below it its next times if they are opened. */
export function ScheduleRow({ schedule, columns, onDelete }: RowProps): JSX.Element {
  const [isOpen, setIsOpen] = useState(false);
  const { name, type } = schedule;
  return (
    <>
      <tr>
        <th scope="row" class="name whole">
          <a href={tasksHref({ schedule: name })} title={`The tasks of ${name}`}>
            {name}
          </a>{' '}
          <State schedule={schedule} />
          {type !== name && <span class="muted"> {type}</span>}
        </th>
        <td data-label="Times">
          {schedule.words ?? schedule.cron}
          {schedule.timezone && <span class="muted"> {schedule.timezone}</span>}
        </td>
        <td data-label="Next run">
          {schedule.nextRunAt && !schedule.paused ? (
            <Until at={schedule.nextRunAt} />
          ) : (
            <span class="muted">{schedule.paused ? 'paused' : 'none'}</span>
          )}
        </td>
        <td data-label="Last run">
          <LastRun schedule={schedule} />
        </td>
        <td class="end whole">
          <Actions
            schedule={schedule}
            isOpen={isOpen}
            onToggle={() => setIsOpen(!isOpen)}
            onDelete={onDelete}
          />
        </td>
      </tr>
      {isOpen && (
        <tr>
          <td colSpan={columns} class="whole">
            <NextTimes schedule={schedule} />
          </td>
        </tr>
      )}
    </>
  );
}

function State({ schedule: { paused, fault, queued } }: { schedule: Schedule }): JSX.Element | null {
  if (fault !== undefined) {
    return (
      <span class="badge is-warning" title={fault}>
        Stopped: {fault}
      </span>
    );
  }
  if (paused) return <span class="badge is-warning">Paused</span>;
  return queued > 0 ? <span class="badge number">{queued} waiting</span> : null;
}

function LastRun({ schedule }: { schedule: Schedule }): JSX.Element {
  const { lastRunAt, lastTaskId, lastStatus, lastLateMs = 0 } = schedule;
  if (lastRunAt === undefined || lastTaskId === undefined) return <span class="muted">none</span>;
  return (
    <>
      <a href={taskHref(lastTaskId)}>
        {lastStatus ? <Status status={lastStatus} /> : 'archived'} <Ago at={lastRunAt} />
      </a>
      {lastLateMs > LATE_MS && <span class="badge is-warning">{formatDuration(lastLateMs)} late</span>}
    </>
  );
}

interface ActionsProps {
  readonly schedule: Schedule;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
  readonly onDelete: () => void;
}

function Actions({ schedule, isOpen, onToggle, onDelete }: ActionsProps): JSX.Element {
  const { name, paused } = schedule;
  const isBusy = busy.value.has(name);
  return (
    <div class="actions">
      <button
        type="button"
        class="button small"
        aria-label={`Next times of ${name}`}
        aria-expanded={isOpen}
        onClick={onToggle}
      >
        Times
      </button>
      <button
        type="button"
        class="button small"
        aria-label={`Run now: ${name}`}
        disabled={isBusy}
        onClick={() => runNow(name)}
      >
        Run now
      </button>
      <button
        type="button"
        class="button small"
        aria-label={`${paused ? 'Resume' : 'Pause'} ${name}`}
        disabled={isBusy}
        onClick={() => (paused ? resume(name) : pause(name))}
      >
        <Icon name={paused ? 'play' : 'pause'} size={14} />
        {paused ? 'Resume' : 'Pause'}
      </button>
      <button type="button" class="button small" aria-label={`Edit ${name}`} onClick={() => edit(schedule)}>
        Edit
      </button>
      <button type="button" class="button small" aria-label={`Delete ${name}`} onClick={onDelete}>
        Delete
      </button>
    </div>
  );
}

/** The next ten times, in the schedule's zone and in the reader's. */
function NextTimes({ schedule }: { schedule: Schedule }): JSX.Element {
  const { name, timezone = 'UTC', nextRunAt } = schedule;
  const [next, setNext] = useState<readonly string[]>();
  useEffect(() => {
    loadDetails(name).then((details) => setNext(details.next), complain);
  }, [name, nextRunAt]);
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (next === undefined) return <p class="muted">Loading the next times…</p>;
  if (next.length === 0) return <p class="muted">No time is planned.</p>;
  return (
    <table class="table next-times">
      <caption class="unseen">The next times of {name}</caption>
      <thead>
        <tr>
          <th scope="col">{timezone}</th>
          {own !== timezone && <th scope="col">Here ({own})</th>}
          <th scope="col">In</th>
        </tr>
      </thead>
      <tbody>
        {next.map((at) => (
          <tr key={at}>
            <td class="number" data-label={timezone}>
              {formatZoned(Date.parse(at), timezone)}
            </td>
            {own !== timezone && (
              <td class="number" data-label="Here">
                {formatZoned(Date.parse(at), own)}
              </td>
            )}
            <td class="number" data-label="In">
              <Until at={at} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
