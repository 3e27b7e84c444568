/**
 * Runs both workers on this machine with wrangler, without authentication, until it is stopped.
 * It consists of a parent process and a child process. The parent is another script of this package or this
 * script itself. The child runs the workers. If either process is killed, the other one ends the workers.
 *
 * Environment: `API_PORT` (8787), `BUFFER_PORT` (8788), `STATE_DIR` (`.state`, the folder of persisted state),
 * `BUFFER_CONFIG` (another configuration of the Consumer Worker), `ALLOWED_ORIGINS` (further origins whose pages
 * may call the workers, separated by commas).
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawnWorker } from './lib/local-worker.ts';
import { expectTwoPorts, type PORTS, portFault, portOf } from './lib/ports.ts';
import { listProcesses } from './lib/process-table.ts';
import { runApart } from './lib/script.ts';
import { onStarterEnd } from './lib/starter.ts';
import { lockState, type Owner, type StateLock } from './state-lock.ts';

const READY_TIMEOUT_MS = 90_000;
const KILL_AFTER_MS = 4_000;
const CRON_MS = 60_000;

interface DevWorker {
  readonly name: string;
  readonly config: string;
  readonly port: number;
  readonly portVariable: keyof typeof PORTS;
}

const stateDir = resolve(process.env.STATE_DIR ?? '.state');
const registry = resolve(stateDir, 'registry');
const builtPages = resolve(import.meta.dirname, '../dashboard/dist');
const pages = resolve(stateDir, 'pages');
const api: DevWorker = {
  name: 'API Worker',
  config: resolve(import.meta.dirname, '../api/wrangler.jsonc'),
  port: choosePort('API_PORT'),
  portVariable: 'API_PORT',
};
const buffer: DevWorker = {
  name: 'Consumer Worker',
  config: resolve(process.env.BUFFER_CONFIG ?? resolve(import.meta.dirname, '../buffer/wrangler.jsonc')),
  port: choosePort('BUFFER_PORT'),
  portVariable: 'BUFFER_PORT',
};

const running = new Map<DevWorker, ChildProcess>();
let lock: StateLock | undefined;
let stopping = false;

if (process.connected === undefined) process.exit(await runApart(import.meta.filename));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop(0));
onStarterEnd(() => stop(0));

try {
  expectTwoPorts({ api: api.port, buffer: buffer.port });
  mkdirSync(stateDir, { recursive: true });
  lock = await lockState(stateDir);
  // The registry still lists workers that were killed. Wrangler would call them for a minute.
  rmSync(registry, { recursive: true, force: true });
  const hasPages = copyPages();
  for (const worker of [api, buffer]) await expectFree(worker, lock.former);
  // A message sent while no consumer runs would be dropped, so the consumer starts first.
  await start(buffer);
  await start(api);
  setInterval(runCron, CRON_MS);
  if (hasPages) console.log(`Dashboard: http://localhost:${api.port} (tasks, runners and throughput, live)`);
  console.log(
    `Edge ready: API Worker http://localhost:${api.port}, Consumer Worker http://localhost:${buffer.port}`,
  );
} catch (error) {
  if (!stopping) console.error(error instanceof Error ? error.message : error);
  await stop(1);
}

/** The port that a variable chooses. A value that is no port ends this process. */
function choosePort(variable: keyof typeof PORTS): number {
  try {
    return portOf(variable);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}

/**
 * Copies the built pages for the workers. Without a copy, a build would remove pages that the workers serve.
 *
 * @returns whether there are pages.
 */
function copyPages(): boolean {
  rmSync(pages, { recursive: true, force: true });
  mkdirSync(pages);
  const isBuilt = existsSync(builtPages);
  if (isBuilt) cpSync(builtPages, pages, { recursive: true });
  else console.warn('The dashboard is not built: run `npm run build`, then start the workers again.');
  return isBuilt;
}

/** Wrangler does not fire cron triggers by itself. */
async function runCron(): Promise<void> {
  try {
    await fetch(`http://127.0.0.1:${api.port}/cdn-cgi/handler/scheduled`);
  } catch (error) {
    if (!stopping) console.warn('The cron job of the API Worker failed:', error);
  }
}

async function expectFree({ name, port, portVariable }: DevWorker, former?: Owner): Promise<void> {
  const server = createServer();
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening');
  } catch (error) {
    const remains = former ? await remainsOf(former) : [];
    throw new Error(
      remains.length > 0
        ? `The ${name} cannot use port ${port}: processes of an earlier run in ${stateDir} still use it ` +
            `(${remains.join(', ')}). End them with \`kill -9 ${remains.join(' ')}\`, then start again.`
        : portFault(error, name, port, portVariable),
    );
  }
  await once(server.close(), 'close');
}

/** The origins of both workers, and those in ALLOWED_ORIGINS. */
function allowedOrigins(): string[] {
  const own = [api, buffer].flatMap(({ port }) => [`http://localhost:${port}`, `http://127.0.0.1:${port}`]);
  return [...own, process.env.ALLOWED_ORIGINS ?? []].flat();
}

/** The ids of processes that remain from an earlier edge: its parent and child were killed at the same time. */
async function remainsOf({ pid }: Owner): Promise<number[]> {
  const processes = await listProcesses().catch(() => []);
  return processes.filter(({ group }) => group === pid).map((process) => process.pid);
}

async function start(worker: DevWorker): Promise<void> {
  const { config, port } = worker;
  const vars = { AUTH: 'off', ALLOWED_ORIGINS: allowedOrigins().join() };
  // The worker and its children are in this process's group, so a signal to the group ends them.
  const child = spawnWorker(
    { config, port, stateDir, registry, assets: pages, vars },
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  running.set(worker, child);
  child.once('exit', (code, signal) => {
    if (stopping) return;
    console.error(`The ${worker.name} ended unexpectedly (${signal ?? `exit code ${code}`})`);
    void stop(1);
  });
  await healthy(worker);
}

async function healthy({ name, port }: DevWorker): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (Date.now() < deadline && !stopping) {
    try {
      if ((await fetch(`http://127.0.0.1:${port}/health`)).ok) return;
    } catch {
      // It does not listen yet.
    }
    await sleep(50);
  }
  throw new Error(`The ${name} was not ready within ${READY_TIMEOUT_MS / 1000} s`);
}

async function stop(code: number): Promise<void> {
  if (stopping) return;
  stopping = true;
  lock?.markEnding();
  const ended = [...running.values()].filter(isRunning).map((child) => once(child, 'exit'));
  // All processes at once: esbuild prints its stacks when wrangler ends before it.
  signalGroup('SIGTERM');
  await Promise.race([Promise.all(ended), sleep(KILL_AFTER_MS)]);
  // The starter kills the rest of the group. Without a starter, this process kills the group and itself.
  if (!process.connected) signalGroup('SIGKILL');
  process.exit(code);
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

/** Sends a signal to the process group, which includes this process. */
function signalGroup(signal: NodeJS.Signals): void {
  try {
    process.kill(-process.pid, signal);
  } catch {
    // On Windows, or if a process outside this package leads the group.
    for (const child of running.values()) child.kill(signal);
  }
}
