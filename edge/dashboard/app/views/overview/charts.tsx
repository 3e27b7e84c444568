import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import {
  describeLatency,
  describeThroughput,
  LEAST_DURATION_MS,
  type Minute,
  type Percentile,
} from '../../../logic/chart-data.ts';
import { formatCount } from '../../../logic/counts.ts';
import { formatDuration } from '../../../logic/durations.ts';
import { formatMinute } from '../../../logic/times.ts';
import { Chart, type Figures } from '../../components/chart.tsx';
import type { PlotData } from '../../components/plot.ts';

interface HourProps {
  readonly hour: readonly Minute[];
  readonly isLoading: boolean;
}

const COUNTS = [
  { name: 'Completed', mark: 'mark-good' },
  { name: 'Failed', mark: 'mark-bad' },
];

/** The tasks that ended in each minute. */
export function ThroughputChart({ hour, isLoading }: HourProps): JSX.Element {
  const data = useMemo<PlotData>(
    () => ({
      kind: 'counts',
      at: hour.map(({ at }) => at / 1000),
      series: [
        // The failed tasks are stacked on the completed ones, which are drawn over them.
        {
          colour: '--bar-red',
          values: hour.map(({ completed, failed }) => (failed > 0 ? completed + failed : null)),
        },
        { colour: '--bar-green', values: hour.map(({ completed }) => completed) },
      ],
    }),
    [hour],
  );
  const total = (of: 'completed' | 'failed') => hour.reduce((sum, minute) => sum + minute[of], 0);
  const figuresAt = (index: number): Figures => {
    const { at = 0, completed = 0, failed = 0 } = hour[index] ?? {};
    return { at: formatMinute(at), values: [formatCount(completed), formatCount(failed)] };
  };
  return (
    <Chart
      title="Tasks ended per minute"
      summary={isLoading ? 'Loading' : describeThroughput(hour, formatMinute)}
      names={COUNTS}
      data={data}
      rest={{ at: 'Last hour', values: [formatCount(total('completed')), formatCount(total('failed'))] }}
      figuresAt={figuresAt}
      listed={listed(hour, ({ completed, failed }) => completed + failed > 0)}
    />
  );
}

const PERCENTILES = [
  { name: 'p50', mark: 'mark-half' },
  { name: 'p95', mark: 'mark-most' },
];

const LATENCIES = {
  wait: { title: 'Wait until claimed', what: 'Wait' },
  run: { title: 'Run from claim to report', what: 'Run' },
} as const;

/** How long attempts waited or ran. */
export function LatencyChart({ of, hour, isLoading }: HourProps & { of: 'wait' | 'run' }): JSX.Element {
  const { title, what } = LATENCIES[of];
  const values = useMemo(() => hour.map((minute) => minute[of]), [hour, of]);
  const data = useMemo<PlotData>(
    () => ({
      kind: 'durations',
      at: hour.map(({ at }) => at / 1000),
      series: [
        { colour: '--chart-most', values: values.map((value) => shown(value?.p95)) },
        { colour: '--blue', values: values.map((value) => shown(value?.p50)) },
      ],
    }),
    [hour, values],
  );
  const figuresAt = (index: number): Figures => ({
    at: formatMinute(hour[index]?.at ?? 0),
    values: written(values[index] ?? null),
  });
  const newest = values.findLastIndex((value) => value !== null);
  return (
    <Chart
      title={title}
      summary={isLoading ? 'Loading' : describeLatency(what, values, hour, formatMinute)}
      names={PERCENTILES}
      data={data}
      rest={newest === -1 ? { at: '', values: ['–', '–'] } : figuresAt(newest)}
      figuresAt={figuresAt}
      listed={listed(hour, (minute) => minute[of] !== null)}
    />
  );
}

/** A logarithmic axis has no zero. */
function shown(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.max(LEAST_DURATION_MS, ms);
}

function written(value: Percentile): string[] {
  return value === null ? ['–', '–'] : [formatDuration(value.p50), formatDuration(value.p95)];
}

/** The indexes of the minutes that have something to show, newest first. */
function listed(hour: readonly Minute[], has: (minute: Minute) => boolean): number[] {
  return hour.flatMap((minute, index) => (has(minute) ? [index] : [])).reverse();
}
