import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { Ledger } from '../../ledger.ts';
import { type Outcome, simulate } from './simulate.ts';

const { seed, seeds, from, trace } = await yargs(hideBin(process.argv))
  .scriptName('sim')
  .usage('$0 [--seeds N] [--from N]\n$0 --seed N [--trace]\n\nSimulates the ledger and all its callers.')
  .options({
    seed: { type: 'number', describe: 'Run only this seed' },
    seeds: { type: 'number', default: 1000, describe: 'How many seeds to run' },
    from: { type: 'number', default: 1, describe: 'The first seed' },
    trace: {
      type: 'boolean',
      default: false,
      describe: 'Print all events, not only those before a violation',
    },
  })
  .strict()
  .parse();

const TRACED_LINES = 200;

const run = (number: number, note?: (line: string) => void) =>
  simulate((sql, sources) => new Ledger(sql, sources), number, note);

const started = performance.now();
const numbers = seed === undefined ? Array.from({ length: seeds }, (_, index) => from + index) : [seed];
const outcomes = numbers.map((number) => run(number, trace ? console.log : undefined));
const broken = outcomes.find((outcome) => outcome.violation !== null);
if (broken) explain(broken);
summarize(outcomes);
process.exitCode = broken ? 1 : 0;

function explain(outcome: Outcome): void {
  const lines: string[] = [];
  if (!trace) run(outcome.seed, (line) => lines.push(line));
  for (const line of lines.slice(-TRACED_LINES)) console.log(line);
  console.log(`\nSeed ${outcome.seed} after ${outcome.virtualSeconds} s: ${outcome.violation?.message}`);
  console.log(`Run it again with: npm run sim -- --seed ${outcome.seed} --trace\n`);
}

function summarize(all: readonly Outcome[]): void {
  const sum = (of: (outcome: Outcome) => number) => all.reduce((total, outcome) => total + of(outcome), 0);
  const violations = all.filter((outcome) => outcome.violation !== null).length;
  const seconds = (performance.now() - started) / 1000;
  console.log(
    `${all.length} seeds, ${sum((it) => it.tasks)} tasks, ${sum((it) => it.calls)} calls, ` +
      `${Math.round(sum((it) => it.virtualSeconds) / 3600)} virtual hours in ${seconds.toFixed(1)} s`,
  );
  const kinds = new Set(all.flatMap((outcome) => [...outcome.faults.keys()]));
  for (const kind of [...kinds].sort()) {
    console.log(`  ${kind.padEnd(28)}${String(sum((it) => it.faults.get(kind) ?? 0)).padStart(8)}`);
  }
  console.log(`${violations} violations`);
}
