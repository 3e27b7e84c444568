import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { lastHour } from '../../logic/chart-data.ts';
import { minute } from '../state/clock.ts';
import { stats } from '../state/live.ts';
import { Attention } from './overview/attention.tsx';
import { BusiestTypes } from './overview/busiest-types.tsx';
import { LatencyChart, ThroughputChart } from './overview/charts.tsx';
import { Figures } from './overview/figures.tsx';
import { RunnersBrief } from './overview/runners-brief.tsx';

/** The state of the queue now and its work in the last hour. */
export function Overview(): JSX.Element {
  const minutes = stats.value?.minutes;
  const present = minute.value;
  const hour = useMemo(() => lastHour(minutes ?? [], present), [minutes, present]);
  const isLoading = minutes === undefined;
  return (
    <>
      <div class="head">
        <h1>Overview</h1>
      </div>
      <Figures />
      <Attention />
      <div class="charts">
        <ThroughputChart hour={hour} isLoading={isLoading} />
        <LatencyChart of="wait" hour={hour} isLoading={isLoading} />
        <LatencyChart of="run" hour={hour} isLoading={isLoading} />
      </div>
      <div class="columns">
        <BusiestTypes />
        <RunnersBrief />
      </div>
    </>
  );
}
