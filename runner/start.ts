/** Runs the whole system on this machine: both workers and a runner, which gets this script's arguments. */
import { resolve } from 'node:path';
import { ensureDataset } from './dataset.ts';
import { type LocalEdge, startLocalEdge } from './local-edge.ts';
import { startScript } from './script.ts';

const ports = { api: Number(process.env.API_PORT ?? 8787), buffer: Number(process.env.BUFFER_PORT ?? 8788) };

try {
  await ensureDataset(resolve(process.env.DATA_DIR ?? 'data'));
  const edge = await startLocalEdge(process.env.STATE_DIR ?? '.state', ports);
  process.exitCode = await runUntilStopped(edge);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function runUntilStopped(edge: LocalEdge): Promise<number> {
  const runner = await startScript('runner/cli.ts', { args: process.argv.slice(2), env: edge.env });
  // The runner first: it reports to the workers what it has finished.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void runner.stop(signal));
  const first = await Promise.race([runner.ended, edge.ended.then(() => 'edge' as const)]);
  if (first !== 'edge') {
    await edge.stop();
    return first ?? 1;
  }
  console.error('The workers ended; stopping the runner');
  await runner.stop();
  return 1;
}
