/**
 * A runner in a separate process, as `runner/cli.ts` starts it, that also measures its main thread. It notifies
 * its parent when it is ready, and when the edge has accepted `BENCH_EXPECT` results.
 *
 * Environment: the variables of the runner, and `BENCH_EXPECT`.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { readOptions } from '../runner/options.ts';
import { createRunner } from '../runner/runner.ts';
import type { RunnerMessage } from './runner-messages.ts';

const RESOLUTION_MS = 20;
const NS_PER_MS = 1e6;
const MB = 2 ** 20;
const SAMPLE_MS = 500;

const expected = Number(process.env.BENCH_EXPECT);
const runner = await createRunner(readOptions({}, process.env));
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
let peakRss = 0;
let mostHeld = 0;
let accepted = 0;

const sampler = setInterval(() => {
  peakRss = Math.max(peakRss, process.memoryUsage.rss());
  mostHeld = Math.max(mostHeld, runner.held);
}, SAMPLE_MS);

runner.events.once('ready', () => send({ kind: 'ready', rssMb: process.memoryUsage.rss() / MB }));
runner.events.once('claimed', () => delay.enable());
runner.events.on('retrying', (error) => console.error(error.message));
runner.events.on('reported', ({ outcome }) => {
  if (outcome.status !== 'completed') console.error(`Task ${outcome.taskId}: ${outcome.status}`);
  accepted += 1;
  if (accepted !== expected) return;
  delay.disable();
  send({
    kind: 'done',
    loopDelayMs: Math.max(0, delay.percentile(99) / NS_PER_MS - RESOLUTION_MS),
    peakRssMb: peakRss / MB,
    mostHeld,
  });
});
process.on('SIGTERM', () => runner.stop());
process.on('disconnect', () => process.exit(1));

await runner.run();
clearInterval(sampler);
process.exit();

function send(message: RunnerMessage): void {
  process.send?.(message);
}
