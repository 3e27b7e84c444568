import Table from 'cli-table3';
import type { Figure, RecordedResult, SuiteResult } from './bench.ts';
import { plain } from './chart.ts';
import { reaches, TARGETS, type Target, type TargetName } from './targets.ts';

type Row = readonly string[];

const FIGURE_HEAD = ['median', 'unit', 'least to greatest', 'runs'];
const TARGET_HEAD = ['measure', 'figure', 'target', ''];

/** The results of a suite as a table for people. */
export function figureTable(result: SuiteResult): string {
  const tables = (result.tables ?? []).flatMap(({ caption, head, rows }) => [
    caption,
    terminalTable(head, rows),
  ]);
  const skipped = result.skipped.map((sentence) => `Skipped: ${sentence}`);
  return [terminalTable([result.suite, ...FIGURE_HEAD], figureRows(result)), ...tables, ...skipped].join(
    '\n',
  );
}

/** The targets of the suites that ran, with the figures of this run. */
export function targetTable(results: readonly SuiteResult[]): string {
  const ran = new Set(results.map(({ suite }) => suite));
  const rows = targetRows(results, ({ suite }) => ran.has(suite));
  return rows.length === 0 ? 'These suites have no targets.' : terminalTable(TARGET_HEAD, rows);
}

/** A suite's results as a section of a Markdown page. */
export function suiteSection({ machine, date, ...result }: RecordedResult, title: string): string {
  const { suite, hasChart } = result;
  return [
    `## ${title}`,
    `Suite \`${suite}\`: ${machine}, ${date.slice(0, 10)}.`,
    ...(hasChart ? [`![${title}](${suite}.svg)`] : []),
    markdownTable(['', ...FIGURE_HEAD], figureRows(result)),
    ...(result.tables ?? []).flatMap(({ caption, head, rows }) => [caption, markdownTable(head, rows)]),
    ...result.skipped.map((sentence) => `Skipped: ${sentence}`),
  ].join('\n\n');
}

/** Every target, as a table of a Markdown page. */
export function targetSection(results: readonly RecordedResult[]): string {
  return markdownTable(TARGET_HEAD, targetRows(results));
}

function figureRows({ figures }: Pick<SuiteResult, 'figures'>): Row[] {
  return figures.map(({ name, median, unit, least, greatest, runs }) => [
    name,
    plain(median),
    unit,
    `${plain(least)} to ${plain(greatest)}`,
    String(runs),
  ]);
}

function targetRows(
  results: readonly Pick<SuiteResult, 'reached'>[],
  isShown: (target: Target) => boolean = () => true,
): Row[] {
  const reached: Partial<Record<TargetName, Figure>> = Object.assign(
    {},
    ...results.map((result) => result.reached),
  );
  return Object.entries(TARGETS).flatMap(([name, target]) => {
    if (!isShown(target)) return [];
    const figure = reached[name as TargetName];
    return [
      [
        target.measure,
        figure ? shown(figure.median, target) : 'not measured',
        boundOf(target),
        verdict(figure, target),
      ],
    ];
  });
}

function terminalTable(head: Row, rows: readonly Row[]): string {
  const table = new Table({ head: [...head], style: { head: [], border: [] } });
  table.push(...rows.map((row) => [...row]));
  return table.toString();
}

function markdownTable(head: Row, rows: readonly Row[]): string {
  const line = (cells: Row) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function verdict(figure: Figure | undefined, target: Target): string {
  if (!figure) return '';
  return reaches(target, figure.median) ? 'reached' : 'not reached';
}

function boundOf(target: Target): string {
  const { bound } = target;
  return 'atLeast' in bound
    ? `at least ${shown(bound.atLeast, target)}`
    : `at most ${shown(bound.atMost, target)}`;
}

function shown(value: number, { unit }: Target): string {
  switch (unit) {
    case 'ratio':
      return value.toFixed(2);
    case 'ms':
      return `${plain(value)} ms`;
    case '1/s':
      return `${value.toFixed(2)}/s`;
    case '$':
      return `$${value.toFixed(2)}`;
    case 'MB':
    case 'KB':
      return `${value.toFixed(2)} ${unit}`;
  }
}
