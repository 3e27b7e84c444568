import uPlot from 'uplot';
import { roundDurations } from '../../logic/chart-data.ts';
import { formatShortCount } from '../../logic/counts.ts';
import { formatDuration } from '../../logic/durations.ts';
import { formatMinute } from '../../logic/times.ts';

/** The data of a plot, one value per minute. Times are Unix seconds. */
export interface PlotData {
  readonly kind: 'counts' | 'durations';
  readonly at: readonly number[];
  /** In drawing order. `colour` is the name of a CSS custom property. */
  readonly series: readonly { readonly colour: string; readonly values: readonly (number | null)[] }[];
}

const HALF_MINUTE = 30;
const TICK_MINUTES = [5, 10, 15, 30].map((minutes) => minutes * 60);

/**
 * Draws a plot into an element.
 *
 * @param onHover called with the index of the minute under the pointer, or null if there is none.
 */
export function openPlot(
  element: HTMLElement,
  data: PlotData,
  onHover: (index: number | null) => void,
): uPlot {
  const colour = colourReader(element);
  const line = colour('--line');
  const axis = {
    stroke: colour('--ink-3'),
    font: `11px ${getComputedStyle(element).fontFamily}`,
    grid: { stroke: line, width: 1 },
    ticks: { show: false },
  };
  const isCounts = data.kind === 'counts';
  return new uPlot(
    {
      width: element.clientWidth,
      height: element.clientHeight,
      padding: [8, 8, 0, 0],
      legend: { show: false },
      cursor: {
        y: false,
        drag: { x: false, y: false },
        points: { size: 6 },
        sync: { key: 'hour', setSeries: false },
      },
      hooks: { setCursor: [(plot) => onHover(plot.cursor.idx ?? null)] },
      scales: {
        x: { range: (_, min, max) => [min - HALF_MINUTE, max + HALF_MINUTE] },
        y: isCounts ? { range: (_, __, max) => [0, Math.max(4, max * 1.05)] } : durationScale(),
      },
      axes: [
        {
          ...axis,
          grid: { show: false },
          size: 26,
          incrs: TICK_MINUTES,
          space: 64,
          values: (_, at) => at.map((seconds) => formatMinute(seconds * 1000)),
        },
        {
          ...axis,
          size: 56,
          space: 34,
          ...(isCounts
            ? {
                incrs: [1, 2, 5, 10, 20, 50, ...[1e2, 1e3, 1e4, 1e5, 1e6].flatMap((n) => [n, 2 * n, 5 * n])],
                values: (_: uPlot, marks: number[]) => marks.map(formatShortCount),
              }
            : {
                splits: (plot: uPlot) => roundDurations([plot.scales.y?.min ?? 1, plot.scales.y?.max ?? 1]),
                filter: (_: uPlot, marks: number[]) => marks,
                values: (_: uPlot, marks: number[]) => marks.map(shortDuration),
              }),
        },
      ],
      series: [{}, ...data.series.map((series) => ({ ...styleOf(data.kind, colour(series.colour)) }))],
    },
    aligned(data),
    element,
  );
}

export function aligned({ at, series }: PlotData): uPlot.AlignedData {
  return [[...at], ...series.map(({ values }) => [...values])];
}

function styleOf(kind: PlotData['kind'], colour: string): uPlot.Series {
  if (kind === 'counts') {
    const paths = uPlot.paths.bars?.({ size: [0.72, 18] });
    return { stroke: colour, fill: colour, width: 0, points: { show: false }, ...(paths && { paths }) };
  }
  return { stroke: colour, width: 1.5, points: { size: 4, fill: colour } };
}

/** A logarithmic scale that begins and ends at a round duration. */
function durationScale(): uPlot.Scale {
  return {
    distr: 3,
    range: (_, min, max) => {
      const marks = roundDurations([min ?? 0, max ?? 0]);
      return [marks[0] ?? 1, marks.at(-1) ?? 1000];
    },
  };
}

function shortDuration(ms: number): string {
  return formatDuration(ms).replace('.0', '');
}

/** Reads the colour of a custom property in the current theme. */
function colourReader(element: HTMLElement): (property: string) => string {
  return (property) => {
    const probe = document.createElement('span');
    probe.style.color = `var(${property})`;
    element.append(probe);
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  };
}
