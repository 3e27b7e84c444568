import { combineMeans, combineVariances, max, mean, min, variance } from 'simple-statistics';

/** The summary of a numeric column after its last value. */
export interface ColumnSummary {
  readonly name: string;
  /** The number of values that are numbers. */
  readonly count: number;
  readonly missing: number;
  readonly mean: number;
  /** The standard deviation of a sample: the divisor is `count` - 1. Zero if there is only one value. */
  readonly standardDeviation: number;
  readonly min: number;
  readonly max: number;
}

const CHUNK = 1024;
const MISSING = new Set(['', 'na', 'n/a', 'nan', 'null']);

/** Summarises one column of a stream. Only one chunk of values is in memory at a time. */
export class Column {
  readonly name: string;
  /** The first value that is not a number. If there is one, the column is not numeric. */
  firstText: { readonly row: number; readonly value: string } | undefined;
  #missing = 0;
  #chunk: number[] = [];
  /** The moments of the chunks merged so far. `variance` is the variance of the population. */
  #merged = { count: 0, mean: 0, variance: 0, min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY };

  constructor(name: string) {
    this.name = name;
  }

  /**
   * Adds the column's value in a row.
   *
   * @returns the number, or `NaN` if the value is missing or not a number.
   */
  add(text: string, row: number): number {
    const value = text.trim();
    if (MISSING.has(value.toLowerCase())) {
      this.#missing += 1;
      return Number.NaN;
    }
    const number = Number(value);
    if (!Number.isFinite(number)) {
      this.firstText ??= { row, value };
      return Number.NaN;
    }
    this.#chunk.push(number);
    if (this.#chunk.length === CHUNK) this.#merge();
    return number;
  }

  /** Returns the summary, or undefined if a value is not a number or every value is missing. */
  summary(): ColumnSummary | undefined {
    this.#merge();
    const { count, mean, variance, min, max } = this.#merged;
    if (this.firstText || count === 0) return undefined;
    const standardDeviation = count > 1 ? Math.sqrt((variance * count) / (count - 1)) : 0;
    return { name: this.name, count, missing: this.#missing, mean, standardDeviation, min, max };
  }

  #merge(): void {
    const values = this.#chunk;
    if (values.length === 0) return;
    const before = this.#merged;
    const valuesMean = mean(values);
    this.#merged = {
      count: before.count + values.length,
      mean: combineMeans(before.mean, before.count, valuesMean, values.length),
      variance: combineVariances(
        before.variance,
        before.mean,
        before.count,
        variance(values),
        valuesMean,
        values.length,
      ),
      min: Math.min(before.min, min(values)),
      max: Math.max(before.max, max(values)),
    };
    this.#chunk = [];
  }
}
