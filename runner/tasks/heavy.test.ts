import assert from 'node:assert/strict';
import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { z } from 'zod';
import type { RunTaskOptions } from '../project/run-task.ts';
import heavy from './heavy.ts';
import { seededRandom } from './lib/random.ts';
import { resultOf, temporaryFolder } from './testing/context.ts';

interface Trial {
  readonly csv: string;
  readonly parameters?: object;
  readonly context?: RunTaskOptions<never>;
}

async function analyse(test: TestContext, { csv, parameters, context }: Trial): Promise<unknown> {
  const dataDir = await temporaryFolder(test);
  await writeFile(join(dataDir, 'data.csv'), csv);
  const payload = { operation: 'data_analysis', dataset: 'data.csv', parameters };
  return resultOf(heavy, payload, { dataDir, ...context });
}

function csvOf(header: string, rows: number, row: (index: number) => readonly unknown[]): string {
  return [header, ...Array.from({ length: rows }, (_, index) => row(index).join())].join('\n');
}

function refused(message: string | RegExp) {
  return { name: 'NonRetryableError', message };
}

const regression = z.object({
  model: z.object({
    target: z.string(),
    intercept: z.number(),
    coefficients: z.record(z.string(), z.number()),
    trainingRows: z.number(),
    testRows: z.number(),
    r2: z.number(),
    rmse: z.number(),
    incompleteRows: z.number(),
  }),
});
const clustering = z.object({
  model: z.object({
    clusters: z.array(z.object({ size: z.number(), centre: z.object({ x: z.number(), y: z.number() }) })),
    converged: z.boolean(),
    explainedVariance: z.number(),
    silhouette: z.number(),
  }),
});

const learn = { algorithm: 'machine_learning' };

/** y = 3 + 2a - 1000b + noise, where a is a million times larger than b. */
function linearCsv(rows: number, noise: number): string {
  const random = seededRandom(11);
  return csvOf('a,label,b,y', rows, () => {
    const [a, b] = [1e6 + 1000 * random(), random()];
    return [a, 'text', b, 3 + 2 * a - 1000 * b + noise * (random() - 0.5)];
  });
}

test('each numeric column is summarised, and the other columns are listed by name', async (t) => {
  const csv = '\uFEFFwhen,size,"price, each"\n2025-01-01,1,10\n2025-01-02,,20\n\n2025-01-03,3,60\n';
  assert.deepEqual(await analyse(t, { csv }), {
    dataset: 'data.csv',
    rows: 3,
    columns: [
      { name: 'size', count: 2, missing: 1, mean: 2, standardDeviation: Math.SQRT2, min: 1, max: 3 },
      {
        name: 'price, each',
        count: 3,
        missing: 0,
        mean: 30,
        standardDeviation: Math.sqrt(700),
        min: 10,
        max: 60,
      },
    ],
    otherColumns: ['when'],
  });
});

test('a regression finds the relation that generated the data', async (t) => {
  const { model } = regression.parse(await analyse(t, { csv: linearCsv(500, 0), parameters: learn }));
  assert.equal(model.target, 'y');
  assert.ok(Math.abs((model.coefficients.a ?? 0) - 2) < 1e-6);
  assert.ok(Math.abs((model.coefficients.b ?? 0) + 1000) < 1e-4);
  assert.ok(Math.abs(model.intercept - 3) < 1);
  assert.ok(model.r2 > 0.999_999);
  assert.deepEqual([model.trainingRows, model.testRows, model.incompleteRows], [400, 100, 0]);
});

test("a regression's error equals the noise of the data", async (t) => {
  const { model } = regression.parse(await analyse(t, { csv: linearCsv(5000, 12), parameters: learn }));
  // The standard deviation of a uniform number of width 12 is 12 / √12.
  assert.ok(Math.abs(model.rmse - Math.sqrt(12)) < 0.2);
});

test('a regression of unrelated numbers explains nothing', async (t) => {
  const random = seededRandom(5);
  const csv = csvOf('x,y', 2000, () => [random(), random()]);
  const { model } = regression.parse(await analyse(t, { csv, parameters: learn }));
  assert.ok(Math.abs(model.r2) < 0.05);
});

test('the payload may choose the target, and rows with a missing value are left out', async (t) => {
  const csv = csvOf('y,x', 100, (index) => [index % 10 === 0 ? '' : 5 * index, index]);
  const { model } = regression.parse(await analyse(t, { csv, parameters: { ...learn, target: 'y' } }));
  assert.ok(Math.abs((model.coefficients.x ?? 0) - 5) < 1e-9);
  assert.equal(model.incompleteRows, 10);
});

test('a regression stays correct if columns repeat each other or never change', async (t) => {
  const csv = csvOf('x,twin,constant,y', 100, (index) => [index, 2 * index, 7, 4 * index]);
  const { model } = regression.parse(await analyse(t, { csv, parameters: learn }));
  assert.ok(model.r2 > 0.999_999);
});

test('k-means finds the groups that generated the data', async (t) => {
  const random = seededRandom(2);
  const centres = [
    [0, 0],
    [100, 1],
    [50, 9],
  ];
  const csv = csvOf('x,y', 1200, (index) => {
    const [x = 0, y = 0] = centres[index % 6 < 3 ? 0 : index % 6 < 5 ? 1 : 2] ?? [];
    return [x + random(), y + random() / 10];
  });
  const parameters = { ...learn, model: 'k_means', clusters: 3 };
  const { model } = clustering.parse(await analyse(t, { csv, parameters }));
  assert.deepEqual(
    model.clusters.map(({ size, centre }) => [size, Math.floor(centre.x), Math.floor(centre.y)]),
    [
      [600, 0, 0],
      [400, 100, 1],
      [200, 50, 9],
    ],
  );
  assert.ok(model.converged);
  assert.ok(model.explainedVariance > 0.99);
  assert.ok(model.silhouette > 0.95);
});

test('equal seeds give equal results', async (t) => {
  const trial = { csv: linearCsv(15_000, 12), parameters: { ...learn, seed: 9 } };
  assert.deepEqual(await analyse(t, trial), await analyse(t, trial));
});

test('the progress rises to 100 percent with the bytes read', async (t) => {
  const seen: number[] = [];
  const progress = (value: unknown) => void seen.push(z.object({ percent: z.number() }).parse(value).percent);
  await analyse(t, { csv: linearCsv(10_000, 1), context: { onProgress: progress } });
  assert.ok(seen.length > 2);
  assert.deepEqual(
    seen,
    [...new Set(seen)].toSorted((a, b) => a - b),
  );
  assert.equal(seen.at(-1), 100);
});

test('an abort stops the reading', async (t) => {
  const abort = new AbortController();
  const context = { signal: abort.signal, onProgress: () => abort.abort() };
  await assert.rejects(analyse(t, { csv: linearCsv(10_000, 1), context }), { name: 'AbortError' });
});

test('the error for a missing file contains its name and how to create it', async (t) => {
  const dataDir = await temporaryFolder(t);
  await assert.rejects(
    resultOf(heavy, { operation: 'data_analysis', dataset: 'large_dataset.csv' }, { dataDir }),
    refused(/^There is no `large_dataset\.csv` in the data folder\. .*`npm run dataset`/),
  );
});

test('a file outside the data folder is refused', async (t) => {
  const dataDir = await temporaryFolder(t);
  await symlink('/etc/hosts', join(dataDir, 'link.csv'));
  for (const dataset of ['../data.csv', '/etc/hosts', 'link.csv']) {
    await assert.rejects(
      resultOf(heavy, { operation: 'data_analysis', dataset }, { dataDir }),
      refused(/leads outside the data folder/),
    );
  }
});

for (const [what, { csv, parameters, message }] of Object.entries<Trial & { message: string | RegExp }>({
  'a line with too few fields': { csv: 'a,b\n1,2\n3\n', message: /is not valid CSV: .* on line 3\.$/ },
  'a quote that is not closed': {
    csv: 'a,b\n1,"2\n',
    message: /is not valid CSV: Quote Not Closed: .* at line 2\.$/,
  },
  'an empty file': { csv: '', message: '`data.csv` is empty; a header line is needed.' },
  'a header with the same name twice': {
    csv: 'a,a\n1,2\n',
    message: '`data.csv` has two columns named `a`; rename one.',
  },
  'a target that is not numeric': {
    csv: 'a,b,c\n1,2,3\n1,x,3\n',
    parameters: { ...learn, target: 'b' },
    message: '`b` is not numeric: row 2 contains "x". The numeric columns are: a, c.',
  },
  'a target that does not exist': {
    csv: 'a,c\n1,3\n',
    parameters: { ...learn, target: 'b' },
    message: '`data.csv` has no numeric column `b`. The numeric columns are: a, c.',
  },
  'a target that never changes': {
    csv: csvOf('x,y', 50, (index) => [index, 1]),
    parameters: learn,
    message: '`y` has the same value in every row; choose another `target`.',
  },
  'a regression with too few rows': {
    csv: 'x,y\n1,2\n2,3\n',
    parameters: learn,
    message: '2 complete rows are too few to predict `y` from 1 columns.',
  },
  'a model without a numeric column': {
    csv: 'x\na\n',
    parameters: learn,
    message: 'There is no numeric column to predict.',
  },
  'more clusters than different rows': {
    csv: 'x\n1\n1\n2\n',
    parameters: { ...learn, model: 'k_means' },
    message: 'There are fewer than 3 different complete rows; reduce `clusters`.',
  },
})) {
  test(`${what} is refused permanently`, async (t) => {
    await assert.rejects(analyse(t, { csv, ...(parameters && { parameters }) }), refused(message));
  });
}

test('an unknown option is refused', () => {
  const payload = { operation: 'data_analysis', dataset: 'a.csv', parameters: { cluster: 3 } };
  assert.ok(!heavy.payload.safeParse(payload).success);
});
