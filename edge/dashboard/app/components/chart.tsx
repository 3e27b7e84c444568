import type { JSX } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import { dark } from '../state/theme.ts';
import { Icon } from './icon.tsx';
import { aligned, openPlot, type PlotData } from './plot.ts';

/** One row of figures: of a minute, or of the hour. */
export interface Figures {
  readonly at: string;
  /** One for each of the chart's names. */
  readonly values: readonly string[];
}

interface ChartProps {
  readonly title: string;
  /** A sentence that describes the content. */
  readonly summary: string;
  readonly names: readonly { readonly name: string; readonly mark: string }[];
  readonly data: PlotData;
  /** The figures to show while the pointer is on no minute. */
  readonly rest: Figures;
  readonly figuresAt: (index: number) => Figures;
  /** The minutes that the table lists, by their index. */
  readonly listed: readonly number[];
}

/** A chart of the last hour. It shows the values under the pointer, and can be shown as a table. */
export function Chart(props: ChartProps): JSX.Element {
  const { title, summary, names, data, rest, figuresAt, listed } = props;
  const [hovered, setHovered] = useState<number | null>(null);
  const [asTable, setAsTable] = useState(false);
  const heading = useId();
  const { at, values } = hovered === null ? rest : figuresAt(hovered);
  return (
    <section class="panel chart" aria-labelledby={heading}>
      <header>
        <h2 id={heading}>{title}</h2>
        <div class="values">
          <span class="at">{at}</span>
          {names.map(({ name, mark }, index) => (
            <dl key={name}>
              <dt class={mark}>{name}</dt>
              <dd>{values[index]}</dd>
            </dl>
          ))}
        </div>
        <button
          type="button"
          class="button plain square small"
          aria-pressed={asTable}
          aria-label={`${title} as a table`}
          title="Show as a table"
          onClick={() => setAsTable(!asTable)}
        >
          <Icon name="table" size={14} />
        </button>
      </header>
      {asTable ? (
        <FigureTable {...props} />
      ) : listed.length === 0 ? (
        <p class="nothing">{summary}</p>
      ) : (
        <Canvas summary={summary} data={data} onHover={setHovered} />
      )}
    </section>
  );
}

function FigureTable({ title, names, figuresAt, listed }: ChartProps): JSX.Element {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard must reach a region that scrolls
    <section class="scroll" tabIndex={0} aria-label={`${title}, table`}>
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Minute</th>
            {names.map(({ name }) => (
              <th key={name} scope="col" class="end">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {listed.map(figuresAt).map(({ at, values }) => (
            <tr key={at}>
              <td>{at}</td>
              {names.map(({ name }, index) => (
                <td key={name} class="end">
                  {values[index]}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

interface CanvasProps {
  readonly summary: string;
  readonly data: PlotData;
  readonly onHover: (index: number | null) => void;
}

function Canvas({ summary, data, onHover }: CanvasProps): JSX.Element {
  const element = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const isDark = dark.value;
  useEffect(() => {
    const place = element.current;
    if (!place) return;
    const opened = openPlot(place, data, onHover);
    plot.current = opened;
    const observer = new ResizeObserver(() => {
      opened.setSize({ width: place.clientWidth, height: place.clientHeight });
    });
    observer.observe(place);
    return () => {
      observer.disconnect();
      opened.destroy();
    };
  }, [isDark, onHover]);
  useEffect(() => {
    plot.current?.setData(aligned(data));
  }, [data]);
  return (
    <div class="canvas">
      <div class="plot" ref={element} role="img" aria-label={summary} />
    </div>
  );
}
