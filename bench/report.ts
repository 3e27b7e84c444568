import Table from 'cli-table3';
import type { Figure, SuiteResult } from './bench.ts';
import { plain } from './chart.ts';
import { reaches, TARGETS, type Target, type TargetName } from './targets.ts';

const STYLE = { head: [], border: [] };

/** What a suite has measured, as a table for people. */
export function figureTable({ suite, figures, skipped }: SuiteResult): string {
  const table = new Table({ head: [suite, 'median', 'unit', 'least to greatest', 'runs'], style: STYLE });
  for (const { name, median, unit, least, greatest, runs } of figures) {
    table.push([name, plain(median), unit, `${plain(least)} to ${plain(greatest)}`, runs]);
  }
  return [table.toString(), ...skipped.map((sentence) => `Skipped: ${sentence}`)].join('\n');
}

/** Every target, with the figure of this run beside it. */
export function targetTable(results: readonly SuiteResult[]): string {
  const reached: Partial<Record<TargetName, Figure>> = Object.assign(
    {},
    ...results.map((result) => result.reached),
  );
  const table = new Table({ head: ['measure', 'figure', 'target', ''], style: STYLE });
  for (const [name, target] of Object.entries(TARGETS)) {
    const figure = reached[name as TargetName];
    table.push([
      target.measure,
      figure ? shown(figure.median, target) : 'not measured',
      boundOf(target),
      verdict(figure, target),
    ]);
  }
  return table.toString();
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
    case '$':
      return `$${value.toFixed(2)}`;
  }
}
