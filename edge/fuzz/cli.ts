import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { describeRun, fuzz } from './fuzz.ts';
import { attackEdge } from './harness/run.ts';

const { runs, seed, attack } = await yargs(hideBin(process.argv))
  .option('runs', { type: 'number', default: 5000, describe: 'Number of requests to send' })
  .option('seed', { type: 'number', describe: 'Seed of the requests; random by default' })
  .option('attack', {
    type: 'boolean',
    default: false,
    describe: 'Attack a filled edge instead, and check that every bound holds (4 minutes)',
  })
  .strict()
  .parse();
if (attack) {
  if (!(await attackEdge())) process.exitCode = 1;
} else {
  const run = await fuzz({ runs, seed });
  console.log(describeRun(run));
  if (run.violation) process.exitCode = 1;
}
