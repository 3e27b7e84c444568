import { medianSorted } from 'simple-statistics';
import type { TargetName } from './targets.ts';

/** A measurement: the median of its runs, and the least and the greatest of them. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly median: number;
  readonly least: number;
  readonly greatest: number;
  readonly runs: number;
}

/** Bars of one unit that a chart shows beside one another. */
export interface Chart {
  readonly title: string;
  readonly unit: string;
  readonly bars: readonly { readonly name: string; readonly value: number }[];
}

/** Figures that belong side by side. */
export interface ResultTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What the table shows, in a sentence or two. */
  readonly caption: string;
}

export interface SuiteResult {
  readonly suite: string;
  readonly figures: readonly Figure[];
  /** Absent if there is none. */
  readonly tables?: readonly ResultTable[] | undefined;
  /** The figures that a target is set for. */
  readonly reached: Partial<Record<TargetName, Figure>>;
  /** What could not be measured, and what would change that. */
  readonly skipped: readonly string[];
  readonly chart: Chart | undefined;
}

/** A suite's result as it is kept, its chart beside it. */
export interface RecordedResult extends Omit<SuiteResult, 'chart'> {
  readonly hasChart: boolean;
  /** ISO 8601. */
  readonly date: string;
  readonly machine: string;
}

/** A suite: what it measures, and how. */
export interface Suite {
  readonly name: string;
  readonly title: string;
  run(bench: Bench): Promise<void>;
}

export interface BenchOptions {
  readonly quick: boolean;
  /** A folder for state and logs, deleted after a run that succeeds. */
  readonly folder: string;
  /** What is being measured. */
  readonly onStep: (step: string) => void;
}

/** What a suite has at hand, and what it has measured. */
export class Bench {
  readonly quick: boolean;
  readonly folder: string;
  readonly #onStep: (step: string) => void;
  readonly #figures: Figure[] = [];
  readonly #reached: Partial<Record<TargetName, Figure>> = {};
  readonly #skipped: string[] = [];
  readonly #tables: ResultTable[] = [];
  #chart: Chart | undefined;

  constructor({ quick, folder, onStep }: BenchOptions) {
    this.quick = quick;
    this.folder = folder;
    this.#onStep = onStep;
  }

  /** One of two values: the first in a full run, the second in a quick one. */
  size<Value>(full: Value, quick: Value): Value {
    return this.quick ? quick : full;
  }

  step(name: string): void {
    this.#onStep(name);
  }

  /** Records what some runs measured. */
  record(name: string, unit: string, values: readonly number[]): Figure {
    const figure = { name, unit, ...summary(values) };
    this.#figures.push(figure);
    return figure;
  }

  /** Records the ratio of runs that alternated, each with its neighbour. */
  ratio(name: string, values: readonly number[], against: readonly number[]): Figure {
    return this.record(
      name,
      'ratio',
      values.map((value, index) => value / (against[index] ?? Number.NaN)),
    );
  }

  /** Says which target a figure is for. */
  target(name: TargetName, figure: Figure): void {
    this.#reached[name] = figure;
  }

  table(table: ResultTable): void {
    this.#tables.push(table);
  }

  skip(sentence: string): void {
    this.#skipped.push(sentence);
  }

  chart(title: string, unit: string, bars: Chart['bars']): void {
    this.#chart = { title, unit, bars };
  }

  /** Runs some measurements in turn, A B A B, so that they meet the same conditions. */
  async alternate<Name extends string>(
    rounds: number,
    measurements: Record<Name, () => Promise<number>>,
  ): Promise<Record<Name, number[]>> {
    const names = Object.keys(measurements) as Name[];
    const values = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
    for (let round = 1; round <= rounds; round += 1) {
      for (const name of names) {
        this.step(`${name}, round ${round} of ${rounds}`);
        values[name].push(await measurements[name]());
      }
    }
    return values;
  }

  result(suite: string): SuiteResult {
    return {
      suite,
      figures: this.#figures,
      ...(this.#tables.length > 0 && { tables: this.#tables }),
      reached: this.#reached,
      skipped: this.#skipped,
      chart: this.#chart,
    };
  }
}

function summary(values: readonly number[]): Omit<Figure, 'name' | 'unit'> {
  const sorted = values.toSorted((a, b) => a - b);
  const [least = Number.NaN] = sorted;
  if (sorted.some((value) => !Number.isFinite(value))) throw new Error(`Not every run measured: ${values}`);
  return { median: medianSorted(sorted), least, greatest: sorted.at(-1) ?? least, runs: sorted.length };
}
