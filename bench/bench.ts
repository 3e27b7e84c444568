import { medianSorted } from 'simple-statistics';
import type { TargetName } from './targets.ts';

/** A measurement: the median, least and greatest value of its runs. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly median: number;
  readonly least: number;
  readonly greatest: number;
  readonly runs: number;
}

/** Bars of one unit that a chart compares. */
export interface Chart {
  readonly title: string;
  readonly unit: string;
  readonly bars: readonly { readonly name: string; readonly value: number }[];
}

/** Figures that belong together. */
export interface ResultTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** A description of the table in one or two sentences. */
  readonly caption: string;
}

export interface SuiteResult {
  readonly suite: string;
  readonly figures: readonly Figure[];
  /** Absent if there is none. */
  readonly tables?: readonly ResultTable[] | undefined;
  /** The figures that have a target. */
  readonly reached: Partial<Record<TargetName, Figure>>;
  /** What could not be measured, and how to make it possible. */
  readonly skipped: readonly string[];
  readonly chart: Chart | undefined;
}

/** A suite's result as it is stored. The chart is a separate file. */
export interface RecordedResult extends Omit<SuiteResult, 'chart'> {
  readonly hasChart: boolean;
  /** ISO 8601. */
  readonly date: string;
  readonly machine: string;
}

/** A set of related measurements. */
export interface Suite {
  readonly name: string;
  readonly title: string;
  run(bench: Bench): Promise<void>;
}

export interface BenchOptions {
  readonly quick: boolean;
  /** A folder for state and logs, deleted after a run that succeeds. */
  readonly folder: string;
  /** Called with the current step of the measurement. */
  readonly onStep: (step: string) => void;
}

/** The tools of a suite, and the results that it has recorded. */
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

  /** Records the values of some runs. */
  record(name: string, unit: string, values: readonly number[]): Figure {
    const figure = { name, unit, ...summary(values) };
    this.#figures.push(figure);
    return figure;
  }

  /** Records the ratios of alternating runs, each to its neighbour. */
  ratio(name: string, values: readonly number[], against: readonly number[]): Figure {
    return this.record(
      name,
      'ratio',
      values.map((value, index) => value / (against[index] ?? Number.NaN)),
    );
  }

  /** Records the figure of a target. */
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

  /** Runs some measurements in turn, A B A B, so that they have the same conditions. */
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
