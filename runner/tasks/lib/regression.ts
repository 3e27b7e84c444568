import MultivariateLinearRegression from 'ml-regression-multivariate-linear';
import { rootMeanSquare, rSquared, shuffle } from 'simple-statistics';
import { NonRetryableError } from '../../task.ts';
import { type Scale, scalesOf, standardise } from './scale.ts';

export interface Regression {
  readonly kind: 'regression';
  readonly target: string;
  readonly intercept: number;
  /** The change of the target if the column increases by one, in the columns' own units. */
  readonly coefficients: Record<string, number>;
  readonly trainingRows: number;
  readonly testRows: number;
  /** The explained share of the target's variance in the test rows. Negative if the mean predicts better. */
  readonly r2: number;
  /** The root of the mean squared error in the test rows, in the target's unit. */
  readonly rmse: number;
}

const TEST_SHARE = 0.2;

/**
 * Fits a linear model to four fifths of the rows and measures it on the other fifth.
 *
 * @param rows - complete rows: the features in order, then the target.
 * @throws NonRetryableError if there are too few rows or the target never changes.
 */
export function fitRegression(
  features: readonly string[],
  target: string,
  rows: number[][],
  random: () => number,
): Regression {
  const testRows = Math.floor(rows.length * TEST_SHARE);
  const trainingRows = rows.length - testRows;
  if (testRows < 2 || trainingRows <= features.length + 1) {
    throw new NonRetryableError(
      `${rows.length} complete rows are too few to predict \`${target}\` from ${features.length} columns.`,
    );
  }
  const shuffled = shuffle(rows, random);
  const training = shuffled.slice(testRows);
  const test = shuffled.slice(0, testRows);
  if (isConstant(training.map(targetOf)) || isConstant(test.map(targetOf))) {
    throw new NonRetryableError(`\`${target}\` has the same value in every row; choose another \`target\`.`);
  }

  // Without scaling, features of very different size would make the normal equations ill-conditioned.
  const scales = scalesOf(training.map(featuresOf));
  const model = new MultivariateLinearRegression(
    training.map((row) => standardise(featuresOf(row), scales)),
    training.map((row) => [targetOf(row)]),
    { statistics: false },
  );
  const weights = model.weights.map(([weight = 0]) => weight);
  const predict = (row: number[]) => model.predict(standardise(featuresOf(row), scales))[0] ?? 0;
  const predictions = test.map((row) => [predict(row), targetOf(row)]);
  return {
    kind: 'regression',
    target,
    ...inOwnUnits(features, scales, weights),
    trainingRows,
    testRows,
    r2: rSquared(predictions, (prediction) => prediction),
    rmse: rootMeanSquare(predictions.map(([prediction = 0, actual = 0]) => prediction - actual)),
  };
}

/** Converts weights of standardised features to the columns' own units. The last weight is the intercept. */
function inOwnUnits(features: readonly string[], scales: readonly Scale[], weights: readonly number[]) {
  const slopes = scales.map(({ deviation }, index) => (weights[index] ?? 0) / deviation);
  const shift = scales.reduce((sum, { mean }, index) => sum + mean * (slopes[index] ?? 0), 0);
  return {
    intercept: (weights.at(-1) ?? 0) - shift,
    coefficients: Object.fromEntries(features.map((name, index) => [name, slopes[index] ?? 0])),
  };
}

function featuresOf(row: number[]): number[] {
  return row.slice(0, -1);
}

function targetOf(row: number[]): number {
  return row.at(-1) ?? Number.NaN;
}

function isConstant(values: readonly number[]): boolean {
  return values.every((value) => value === values[0]);
}
