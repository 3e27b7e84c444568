import { mean, standardDeviation } from 'simple-statistics';

/** The mean and the spread of a column. */
export interface Scale {
  readonly mean: number;
  /** 1 for a column that never changes, so that dividing by it is safe. */
  readonly deviation: number;
}

/** Returns the scale of each column. Needs at least one row. */
export function scalesOf(rows: readonly number[][]): Scale[] {
  const [first = []] = rows;
  return first.map((_, index) => {
    const values = rows.map((row) => row[index] ?? Number.NaN);
    return { mean: mean(values), deviation: standardDeviation(values) || 1 };
  });
}

/** Returns the row with each column scaled to mean 0 and spread 1. */
export function standardise(row: readonly number[], scales: readonly Scale[]): number[] {
  return scales.map(({ mean, deviation }, index) => ((row[index] ?? Number.NaN) - mean) / deviation);
}
