/**
 * Runs the whole system, kills runners and workers, and makes connections misbehave. Then checks every task
 * that the system accepted. The exit code is 0 only if the system kept all its promises: for example, it lost
 * no task, and no task ended twice or ran twice at once.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SingleBar } from 'cli-progress';
import Table from 'cli-table3';
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { onStarterEnd } from '../../edge/scripts/lib/starter.ts';
import { type ChaosReport, runChaos } from './chaos-run.ts';
import { kinds } from './plan.ts';
import { holds } from './verdict.ts';

const MAX_EXAMPLES = 10;

onStarterEnd(() => process.exit(1));

const { tasks, seed, seconds, settle } = await yargs(hideBin(process.argv))
  .scriptName('chaos')
  .option('tasks', { type: 'number', default: 2000, describe: 'Tasks to submit' })
  .option('seed', {
    type: 'number',
    default: Date.now() % 100_000,
    defaultDescription: 'a new one',
    describe: 'Determines the tasks and the faults, but not their exact timing',
  })
  .option('seconds', { type: 'number', default: 90, describe: 'How long to submit tasks and inject faults' })
  .option('settle', {
    type: 'number',
    default: 180,
    describe: 'Seconds that all tasks have to end after that',
  })
  .strict()
  .parse();

const folder = await mkdtemp(join(tmpdir(), 'task-queue-chaos-'));
const bar = new SingleBar({ format: '{bar} {ended} of {total} accepted tasks ended, {duration} s' });
try {
  console.log(`${tasks} tasks, seed ${seed}, faults for ${seconds} s`);
  bar.start(tasks, 0, { ended: 0 });
  const report = await runChaos({
    ...{ tasks, seed, seconds, folder },
    settleSeconds: settle,
    onProgress: (_accepted, ended) => bar.update(ended, { ended }),
  });
  bar.stop();
  print(report);
  const passed = holds(report.verdict) && report.surprises.length === 0;
  if (passed) await rm(folder, { recursive: true });
  else console.error(`The system did not keep its promises. Logs and state: ${folder}`);
  process.exitCode = passed ? 0 : 1;
} catch (error) {
  bar.stop();
  console.error(error instanceof Error ? error.message : error);
  console.error(`Logs and state: ${folder}`);
  process.exitCode = 1;
}

function print({ verdict, faults, surprises, clientRepeats, seconds: took }: ChaosReport): void {
  const table = new Table({ style: { head: [], border: [] } });
  table.push(
    ['tasks accepted', verdict.accepted],
    ['completed', verdict.completed],
    ['failed, as expected', verdict.failed],
    ['cancelled', verdict.cancelled],
    ['lost', verdict.lost.length],
    ['ended in an unexpected state', verdict.endedOtherwise.length],
    ['ended twice', verdict.endedTwice.length],
    ['accepted twice', verdict.acceptedTwice.length],
    ['ran twice at once', verdict.overlapped.length],
    ['ran an attempt that had ended', verdict.ranAfterItsEnd.length],
    ['took attempts beyond the maximum', verdict.beyondMaximum.length],
    ['ran again after a crash or a lost lease (allowed)', verdict.runAgain],
    ['runs of tasks', verdict.runs],
    ['client requests repeated', clientRepeats],
    ...kinds().map((kind): [string, number] => [`faults: ${kind}`, faults.get(kind) ?? 0]),
    ['processes that ended unexpectedly', surprises.length],
    ['seconds', took.toFixed(1)],
    ['seed', seed],
  );
  console.log(table.toString());
  const { lost, endedOtherwise, endedTwice, acceptedTwice, overlapped, ranAfterItsEnd, beyondMaximum } =
    verdict;
  for (const list of [
    ...[lost, endedOtherwise, endedTwice, acceptedTwice, overlapped, ranAfterItsEnd, beyondMaximum],
    surprises,
  ]) {
    for (const sentence of list.slice(0, MAX_EXAMPLES)) console.error(sentence);
  }
}
