import { BarChart } from 'echarts/charts';
import { GridComponent, TitleComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import type { Chart } from './bench.ts';

use([BarChart, GridComponent, TitleComponent, SVGRenderer]);

const WIDTH = 800;
const BAR_HEIGHT = 44;
const FRAME_HEIGHT = 90;

/** A chart as SVG, with its bars one below the other. */
export function toSvg({ title, unit, bars }: Chart): string {
  const chart = init(null, null, {
    renderer: 'svg',
    ssr: true,
    width: WIDTH,
    height: FRAME_HEIGHT + BAR_HEIGHT * bars.length,
  });
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    title: { text: `${title} (${unit})`, left: 'center', textStyle: { fontSize: 16 } },
    grid: {
      left: 20,
      right: 80,
      top: 50,
      bottom: 20,
      outerBoundsMode: 'same',
      outerBoundsContain: 'axisLabel',
    },
    xAxis: { type: 'value' },
    yAxis: { type: 'category', inverse: true, data: bars.map((bar) => bar.name) },
    series: [
      {
        type: 'bar',
        data: bars.map((bar) => bar.value),
        itemStyle: { color: '#e66a2c' },
        label: {
          show: true,
          position: 'right',
          formatter: (bar: { value: unknown }) => plain(Number(bar.value)),
        },
      },
    ],
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

/** A number for people, with three significant digits. */
export function plain(value: number): string {
  return Number(value.toPrecision(value >= 1000 ? 4 : 3)).toLocaleString('en-US', {
    maximumFractionDigits: 3,
  });
}
