/**
 * Measures the system suite by suite, beside its peers, and says which targets it reaches. A full run writes
 * `bench/results/`.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { SingleBar } from 'cli-progress';
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { Bench, type SuiteResult } from './bench.ts';
import { toSvg } from './chart.ts';
import { figureTable, targetTable } from './report.ts';
import { SUITES } from './suites.ts';

const RESULTS = join(import.meta.dirname, 'results');

const { suite, quick, json } = await yargs(hideBin(process.argv))
  .scriptName('bench')
  .option('suite', {
    type: 'string',
    array: true,
    choices: SUITES.map(({ name }) => name),
    describe: 'The suites to run; all by default',
  })
  .option('quick', { type: 'boolean', default: false, describe: 'Few and short runs; writes no results' })
  .option('json', { type: 'string', describe: 'A file to write the results to' })
  .strict()
  .parse();

const chosen = SUITES.filter(({ name }) => suite === undefined || suite.includes(name));
const bar = new SingleBar({
  format: '{bar} suite {value} of {total}, {duration} s: {step}',
  hideCursor: true,
});
const results: SuiteResult[] = [];
bar.start(chosen.length, 0, { step: '' });
for (const { name, title, run } of chosen) {
  const folder = await mkdtemp(join(tmpdir(), `task-queue-bench-${name}-`));
  const onStep = (step: string) => bar.update(results.length, { step: `${title}: ${step}` });
  const bench = new Bench({ quick, folder, onStep });
  try {
    await run(bench);
  } catch (error) {
    bar.stop();
    console.error(`The suite ${name} failed. Logs and state: ${folder}`);
    throw error;
  }
  await rm(folder, { recursive: true });
  results.push(bench.result(name));
}
bar.update(results.length, { step: 'done' });
bar.stop();

const report = { date: new Date().toISOString(), machine: machine(), quick, results };
if (json !== undefined) await writeFile(json, JSON.stringify(report, undefined, 2));
if (!quick) await writeResults();
for (const result of results) console.log(figureTable(result));
console.log(targetTable(results));
process.exit();

async function writeResults(): Promise<void> {
  await mkdir(RESULTS, { recursive: true });
  const { results: _, ...run } = report;
  for (const { chart, ...result } of results) {
    await writeFile(
      join(RESULTS, `${result.suite}.json`),
      `${JSON.stringify({ ...run, ...result }, undefined, 2)}\n`,
    );
    if (chart) await writeFile(join(RESULTS, `${result.suite}.svg`), toSvg(chart));
  }
}

function machine(): string {
  const [first] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} cores of ${first?.model.trim()}, ${memory} GiB, ${process.platform}, Node ${process.version}`;
}
