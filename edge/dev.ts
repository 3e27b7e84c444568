/**
 * Runs both workers on this machine under `wrangler dev`, without authentication, until it is told to end.
 * Ending it ends all that it started.
 *
 * Environment: `API_PORT` (8787), `BUFFER_PORT` (8788), `STATE_DIR` (`.state`, the folder of persisted state),
 * `BUFFER_CONFIG` (another configuration of the Consumer Worker), `ALLOWED_ORIGINS` (origins whose pages may call
 * the workers beside their own, separated by commas).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const READY_TIMEOUT_MS = 90_000;
const KILL_AFTER_MS = 5_000;
const CRON_MS = 60_000;

interface DevWorker {
  readonly name: string;
  readonly config: string;
  readonly port: number;
  readonly portVariable: string;
}

const wrangler = resolve(import.meta.dirname, '../node_modules/wrangler/bin/wrangler.js');
const stateDir = resolve(process.env.STATE_DIR ?? '.state');
const registry = resolve(stateDir, 'registry');
const api: DevWorker = {
  name: 'API Worker',
  config: resolve(import.meta.dirname, 'api/wrangler.jsonc'),
  port: Number(process.env.API_PORT ?? 8787),
  portVariable: 'API_PORT',
};
const buffer: DevWorker = {
  name: 'Consumer Worker',
  config: resolve(process.env.BUFFER_CONFIG ?? resolve(import.meta.dirname, 'buffer/wrangler.jsonc')),
  port: Number(process.env.BUFFER_PORT ?? 8788),
  portVariable: 'BUFFER_PORT',
};

const running = new Map<DevWorker, ChildProcess>();
let stopping = false;

process.on('SIGINT', () => stop(0));
process.on('SIGTERM', () => stop(0));
// Started with an IPC channel, it must not outlive the process that started it.
process.on('disconnect', () => stop(0));

try {
  mkdirSync(stateDir, { recursive: true });
  // Workers that were killed stand in it still, and would be called for a minute.
  rmSync(registry, { recursive: true, force: true });
  for (const worker of [api, buffer]) await expectFree(worker);
  // A message sent while no consumer is up would be dropped, so the consumer comes first.
  await start(buffer);
  await start(api);
  setInterval(runCron, CRON_MS);
  console.log(
    `Edge ready: API Worker http://localhost:${api.port}, Consumer Worker http://localhost:${buffer.port}`,
  );
} catch (error) {
  if (!stopping) console.error(error instanceof Error ? error.message : error);
  await stop(1);
}

/** `wrangler dev` does not fire cron triggers by itself. */
async function runCron(): Promise<void> {
  try {
    await fetch(`http://127.0.0.1:${api.port}/cdn-cgi/handler/scheduled`);
  } catch (error) {
    if (!stopping) console.warn('The cron job of the API Worker failed:', error);
  }
}

async function expectFree({ name, port, portVariable }: DevWorker): Promise<void> {
  const server = createServer();
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening');
  } catch {
    throw new Error(
      `The ${name} cannot use port ${port}: another process has it. Set ${portVariable} to a free port.`,
    );
  }
  await once(server.close(), 'close');
}

/** The pages of both workers, and those that the user names. */
function allowedOrigins(): string[] {
  const own = [api, buffer].flatMap(({ port }) => [`http://localhost:${port}`, `http://127.0.0.1:${port}`]);
  return [...own, process.env.ALLOWED_ORIGINS ?? []].flat();
}

async function start(worker: DevWorker): Promise<void> {
  const args = [
    'dev',
    ...['--config', worker.config],
    ...['--ip', '127.0.0.1', '--port', String(worker.port), '--inspector-port', '0'],
    ...['--persist-to', stateDir],
    ...['--var', 'AUTH:off', '--var', `ALLOWED_ORIGINS:${allowedOrigins().join()}`],
    ...['--show-interactive-dev-session', 'false', '--log-level', 'error'],
  ];
  // Its own process group, so that wrangler's own children can be ended with it.
  const child = spawn(process.execPath, [wrangler, ...args], {
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: {
      ...process.env,
      WRANGLER_REGISTRY_PATH: registry,
      WRANGLER_SEND_METRICS: 'false',
      CLOUDFLARE_CF_FETCH_ENABLED: 'false',
    },
  });
  running.set(worker, child);
  child.once('exit', (code, signal) => {
    if (stopping) return;
    console.error(`The ${worker.name} ended by itself (${signal ?? `exit code ${code}`})`);
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
  await Promise.all([...running.values()].map(endGroup));
  process.exit(code);
}

async function endGroup(child: ChildProcess): Promise<void> {
  signalGroup(child, 'SIGTERM');
  if (child.exitCode === null && child.signalCode === null) {
    await Promise.race([once(child, 'exit'), sleep(KILL_AFTER_MS, undefined, { ref: false })]);
  }
  signalGroup(child, 'SIGKILL');
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // The group has ended.
  }
}
