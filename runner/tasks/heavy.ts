import { z } from 'zod';
import { defineTask, NonRetryableError } from '../task.ts';
import { readCsv } from './lib/csv-records.ts';
import { existingDataFile, reading } from './lib/data-file.ts';
import { findClusters } from './lib/k-means.ts';
import { seededRandom } from './lib/random.ts';
import { fitRegression } from './lib/regression.ts';
import { Table } from './lib/table.ts';

const parameters = z.strictObject({
  /** `summary` describes the numeric columns. `machine_learning` also fits a model. */
  algorithm: z.enum(['summary', 'machine_learning']).default('summary'),
  model: z.enum(['regression', 'k_means']).default('regression'),
  /** The column that a regression predicts. The default is the last numeric column. */
  target: z.string().optional(),
  /** The number of clusters that k-means finds. */
  clusters: z.int().min(2).max(50).default(3),
  /** Equal seeds draw equal samples. */
  seed: z.int().default(1),
});
type Parameters = z.output<typeof parameters>;

/** Describes the numeric columns of a CSV file in the data folder, and fits a model to a sample of its rows. */
export default defineTask({
  type: 'heavy',
  lane: 'cpu',
  timeoutSeconds: 600,
  payload: z.strictObject({
    operation: z.literal('data_analysis'),
    /** A CSV file with a header line, relative to the data folder. */
    dataset: z.string().min(1),
    parameters: parameters.prefault({}),
  }),

  async run({ dataset, parameters }, { dataDir, signal, progress }) {
    const file = await existingDataFile(
      dataDir,
      dataset,
      'Put the file there; `npm run dataset` creates `large_dataset.csv`.',
    );
    const random = seededRandom(parameters.seed);
    const table = new Table(dataset, random);
    const csv = {
      name: dataset,
      signal,
      onPercent: (percent: number) => progress({ percent }),
      onRecord: (record: readonly string[]) => table.add(record),
    };
    await reading(dataset, () => readCsv(file, csv));
    const summary = { dataset, ...table.summary() };
    if (parameters.algorithm === 'summary') return summary;
    const numeric = summary.columns.map(({ name }) => name);
    return { ...summary, model: await fit(table, numeric, parameters, random, signal) };
  },
});

/** Fits the model from the parameters to the sampled rows. */
async function fit(
  table: Table,
  numeric: readonly string[],
  { model, target = numeric.at(-1), clusters }: Parameters,
  random: () => number,
  signal: AbortSignal,
) {
  if (model === 'k_means') {
    if (numeric.length === 0) throw new NonRetryableError('There is no numeric column to find clusters in.');
    const { rows, incompleteRows } = table.complete(numeric);
    return { ...(await findClusters(numeric, rows, clusters, random, signal)), incompleteRows };
  }
  if (target === undefined) throw new NonRetryableError('There is no numeric column to predict.');
  if (!numeric.includes(target)) throw new NonRetryableError(table.refusal(target, numeric));
  const features = numeric.filter((name) => name !== target);
  if (features.length === 0) {
    throw new NonRetryableError(`There is no numeric column to predict \`${target}\` from.`);
  }
  const { rows, incompleteRows } = table.complete([...features, target]);
  return { ...fitRegression(features, target, rows, random), incompleteRows };
}
