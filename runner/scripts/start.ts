/** Runs the whole system on this machine: both workers and a runner, which gets this script's arguments. */
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type LocalEdge, startLocalEdge } from '../../edge/scripts/lib/local-edge.ts';
import { portOf } from '../../edge/scripts/lib/ports.ts';
import { startScript } from '../../edge/scripts/lib/script.ts';
import { onStarterEnd } from '../../edge/scripts/lib/starter.ts';
import { taskFiles } from '../catalog/tasks-folder.ts';
import { applyLocally } from '../project/declared-schedules.ts';
import { ensureDataset } from './dataset.ts';

/** The working folder of the runner. */
const ROOT = join(import.meta.dirname, '../..');

/** Stops the runner in the requested way. Undefined until the runner has started. */
let stopRunner: ((how: 'drained' | 'soon') => void) | undefined;
const starting = new AbortController();

process.on('SIGINT', () => stop('drained'));
// Nobody waits for running tasks or can press Ctrl+C again.
for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop('soon'));
onStarterEnd(() => stop('soon'));

try {
  const ports = { api: portOf('API_PORT'), buffer: portOf('BUFFER_PORT') };
  const tasks = await tasksFolder();
  await ensureDataset(resolve(process.env.DATA_DIR ?? 'data'));
  const edge = await startLocalEdge(process.env.STATE_DIR ?? '.state', { ports, signal: starting.signal });
  await applyLocally(edge.apiUrl, tasks);
  process.exitCode = await runUntilStopped(edge);
} catch (error) {
  if (!starting.signal.aborted) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}

/** The folder of `--tasks`, checked here: the runner would find the fault only after the workers have started. */
async function tasksFolder(): Promise<string | undefined> {
  const { tasks = process.env.TASKS_DIR } = parseArgs({
    args: process.argv.slice(2),
    options: { tasks: { type: 'string' } },
    strict: false,
  }).values;
  if (typeof tasks !== 'string' || tasks === '') return undefined;
  const folder = resolve(ROOT, tasks);
  await taskFiles(folder);
  return folder;
}

function stop(how: 'drained' | 'soon'): void {
  if (stopRunner) stopRunner(how);
  else starting.abort();
}

async function runUntilStopped(edge: LocalEdge): Promise<number> {
  const runner = await startScript('runner/cli.ts', { args: process.argv.slice(2), env: edge.env });
  // The runner stops first: it still reports finished tasks to the workers.
  stopRunner = (how) => void (how === 'soon' ? runner.stopSoon() : runner.stop('SIGINT'));
  const first = await Promise.race([runner.ended, edge.ended.then(() => 'edge' as const)]);
  if (first !== 'edge') {
    await edge.stop();
    return first ?? 1;
  }
  console.error('The workers have ended; stopping the runner');
  await runner.stopSoon();
  return 1;
}
