/**
 * Measures the system and its peers suite by suite, and prints which targets it reaches. A full run writes
 * `bench/results/`.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { SingleBar } from 'cli-progress';
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { onStarterEnd } from '../edge/scripts/lib/starter.ts';
import { Bench, type RecordedResult, type SuiteResult } from './bench.ts';
import { toSvg } from './chart.ts';
import { figureTable, suiteSection, targetSection, targetTable } from './report.ts';
import { SUITES } from './suites.ts';

const RESULTS = join(import.meta.dirname, 'results');

onStarterEnd(() => process.exit(1));

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
  // Without a terminal, print a line every 30 seconds.
  noTTYOutput: true,
  notTTYSchedule: 30_000,
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
  const result = bench.result(name);
  results.push(result);
  if (!quick) await writeResult(result);
}
bar.update(results.length, { step: 'done' });
bar.stop();

if (json !== undefined) await writeFile(json, JSON.stringify({ ...about(), quick, results }, undefined, 2));
for (const result of results) console.log(figureTable(result));
console.log(targetTable(results));
process.exit();

/** Writes a result at once, so that a later failure or interruption does not lose it. */
async function writeResult({ chart, ...result }: SuiteResult): Promise<void> {
  await mkdir(RESULTS, { recursive: true });
  const recorded: RecordedResult = { ...about(), ...result, hasChart: chart !== undefined };
  await writeFile(join(RESULTS, `${result.suite}.json`), `${JSON.stringify(recorded, undefined, 2)}\n`);
  if (chart) await writeFile(join(RESULTS, `${result.suite}.svg`), toSvg(chart));
  await writePage();
}

/** Writes all recorded results as one page. */
async function writePage(): Promise<void> {
  const recorded: RecordedResult[] = [];
  const sections: string[] = [];
  for (const { name, title } of SUITES) {
    const text = await readFile(join(RESULTS, `${name}.json`), 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    const result: RecordedResult = JSON.parse(text);
    recorded.push(result);
    sections.push(suiteSection(result, title));
  }
  const bounds =
    'What bounds the rows that are not reached, and what was tried: [../README.md](../README.md).';
  const page = ['# Results', targetSection(recorded), bounds, ...sections].join('\n\n');
  await writeFile(join(RESULTS, 'README.md'), `${page}\n`);
}

function about() {
  return { date: new Date().toISOString(), machine: machine() };
}

function machine(): string {
  const [first] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} cores of ${first?.model.trim()}, ${memory} GiB, ${process.platform}, Node ${process.version}`;
}
