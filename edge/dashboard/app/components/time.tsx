import type { JSX } from 'preact';
import { formatAge, formatDuration } from '../../logic/durations.ts';
import { formatFullTime, formatTime } from '../../logic/times.ts';
import { now } from '../state/clock.ts';

/** How long ago something happened, updated each second. The title is the exact time. */
export function Ago({ at }: { at: string }): JSX.Element {
  const ms = Date.parse(at);
  return (
    <time dateTime={at} title={formatFullTime(ms)}>
      {formatAge(now.value - ms)} ago
    </time>
  );
}

/** How long something has lasted until now, updated each second. */
export function Since({ at }: { at: string }): JSX.Element {
  const ms = Date.parse(at);
  return (
    <time dateTime={at} title={`Since ${formatFullTime(ms)}`}>
      {formatAge(now.value - ms)}
    </time>
  );
}

/** How long it is until something happens, updated each second. */
export function Until({ at }: { at: string }): JSX.Element {
  const ms = Date.parse(at);
  const left = ms - now.value;
  return (
    <time dateTime={at} title={formatFullTime(ms)}>
      {left > 0 ? `in ${formatDuration(Math.ceil(left / 1000) * 1000)}` : 'now'}
    </time>
  );
}

/** A time of day, with the date if it is not today. */
export function At({ at }: { at: string }): JSX.Element {
  const ms = Date.parse(at);
  return (
    <time dateTime={at} title={formatFullTime(ms)}>
      {formatTime(ms, now.value)}
    </time>
  );
}
