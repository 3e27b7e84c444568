import type { JSX } from 'preact';
import type { TaskView } from '../../../../contract/api.ts';
import { formatDuration } from '../../../logic/durations.ts';
import { type Holder, layTimeline, type Span } from '../../../logic/timeline.ts';
import { StatusSign } from '../../components/status.tsx';
import { At } from '../../components/time.tsx';
import { now } from '../../state/clock.ts';
import { runners } from '../../state/live.ts';

/** The history of a task: its waits and attempts, drawn on a time line. */
export function Timeline({ task }: { task: TaskView }): JSX.Element {
  const spans = layTimeline(task, now.value, holderOf(task));
  return (
    <section class="panel" aria-labelledby="timeline">
      <header>
        <h2 id="timeline">Timeline</h2>
      </header>
      <ol class="timeline">
        {spans.map((span) => (
          <Step key={`${span.kind} ${span.from}`} span={span} />
        ))}
      </ol>
    </section>
  );
}

/** The runner that holds the task, from the live updates. */
function holderOf({ taskId, status }: TaskView): Holder | undefined {
  if (status !== 'processing') return undefined;
  for (const runner of runners.value ?? []) {
    const held = runner.tasks.find((one) => one.taskId === taskId);
    if (held) return { runner: runner.name, since: Date.parse(held.claimedAt) };
  }
  return undefined;
}

function Step({ span }: { span: Span }): JSX.Element {
  const isAttempt = span.kind === 'attempt' || span.kind === 'running';
  const runner = isAttempt ? span.runner : undefined;
  const error = span.kind === 'attempt' ? span.error : undefined;
  return (
    <li class={isAttempt ? 'attempt' : 'wait'}>
      <span class="what">
        <Sign span={span} />
        {nameOf(span)}
      </span>
      <span class="runner" title={runner}>
        {runner}
      </span>
      <span class="at">
        <At at={new Date(span.kind === 'scheduled' ? span.to : span.from).toISOString()} />
      </span>
      <span class="took">{tookOf(span)}</span>
      <Lane span={span} />
      {error && (
        <p class="why">
          <code>{error.code}</code> {error.message}
        </p>
      )}
    </li>
  );
}

function nameOf(span: Span): string {
  switch (span.kind) {
    case 'attempt':
      return `Attempt ${span.attempt} ${span.error ? 'failed' : 'succeeded'}`;
    case 'running':
      return `Attempt ${span.attempt} runs`;
    case 'waited':
      return 'Waited';
    case 'waits':
      return 'Waits for a runner';
    case 'scheduled':
      return 'Waits for its start time';
    case 'forgotten':
      return 'Earlier attempts, no longer stored';
  }
}

function tookOf(span: Span): string {
  if (span.kind === 'running' && !span.sinceKnown) return '';
  return formatDuration(span.to - span.from);
}

function Sign({ span }: { span: Span }): JSX.Element {
  switch (span.kind) {
    case 'attempt':
      return <StatusSign status={span.error ? 'failed' : 'completed'} />;
    case 'running':
      return <StatusSign status="processing" />;
    case 'scheduled':
      return <StatusSign status="scheduled" />;
    default:
      return <StatusSign status="pending" />;
  }
}

const LEAST_WIDTH = 0.006;

function Lane({ span }: { span: Span }): JSX.Element {
  const width = Math.max(span.width, LEAST_WIDTH);
  const start = Math.min(span.start, 1 - width);
  return (
    <svg class="lane" aria-hidden="true" preserveAspectRatio="none" viewBox="0 0 1000 14">
      <rect class="track" x={0} y={6} width={1000} height={2} />
      <rect class={toneOf(span)} x={start * 1000} y={2} width={width * 1000} height={10} />
    </svg>
  );
}

function toneOf(span: Span): string {
  if (span.kind === 'attempt') return span.error ? 'bad' : 'good';
  if (span.kind === 'running') return span.sinceKnown ? 'running' : 'unsure';
  return 'idle';
}
