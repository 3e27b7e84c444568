import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, type LocalEdge, startLocalEdge } from '../../scripts/lib/local-edge.ts';
import { spawnWorker } from '../../scripts/lib/local-worker.ts';
import { workerConfig } from '../../scripts/worker-config.ts';

/** The URLs of an edge, without a slash at the end. */
export interface EdgeUrls {
  readonly apiUrl: string;
  /** The Consumer Worker that runs in the process of the ledger. */
  readonly queueUrl: string;
  /** The Consumer Worker for calls that read. */
  readonly readerUrl: string;
}

/**
 * A local edge to attack. Its reader is another Consumer Worker of the same ledger in a separate process. As on
 * Cloudflare, writing an answer there takes no time from the ledger.
 */
export interface AttackedEdge extends EdgeUrls {
  /**
   * An edge with the same tasks on the same machine. An attack on it takes the machine's time, but not the time of
   * the attacked edge's ledger.
   */
  readonly control: EdgeUrls;
  stop(): Promise<void>;
}

const READY_TIMEOUT_MS = 60_000;
const KILL_AFTER_MS = 5000;

/**
 * Starts an edge without tokens, and its control, on free ports. When they stop, they leave nothing behind.
 *
 * @param fill submits the tasks of both.
 */
export async function startAttackedEdge(fill: (edge: EdgeUrls) => Promise<void>): Promise<AttackedEdge> {
  const folder = await mkdtemp(join(tmpdir(), 'edge-attacks-'));
  const log = join(folder, 'edge.log');
  const running: { stop(): Promise<unknown> }[] = [];
  const start = async (state: string): Promise<LocalEdge> => {
    const edge = await startLocalEdge(join(folder, state), { output: { file: log } });
    running.unshift(edge);
    return edge;
  };
  const stop = async () => {
    for (const one of running.splice(0)) await one.stop();
  };
  try {
    await fill(urlsOf(await start('attacked')));
    await stop();
    await cp(join(folder, 'attacked'), join(folder, 'control'), { recursive: true });
    const [attacked, control] = [await start('attacked'), await start('control')];
    const reader = await startReader(folder, join(folder, 'attacked'), log);
    running.unshift(reader);
    return {
      ...urlsOf(attacked),
      readerUrl: reader.url,
      control: urlsOf(control),
      stop: async () => {
        await stop();
        await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await stop();
    throw new Error(`The edge could not be started: ${folder} has its log`, { cause: error });
  }
}

function urlsOf({ apiUrl, queueUrl }: LocalEdge): EdgeUrls {
  return { apiUrl, queueUrl, readerUrl: queueUrl };
}

async function startReader(folder: string, state: string, log: string) {
  const { queues: _, migrations: __, durable_objects: ___, ...config } = workerConfig('buffer');
  const path = join(folder, 'reader.json');
  const ledger = { name: 'LEDGER', class_name: 'TaskLedger', script_name: config.name };
  const bindings = { durable_objects: { bindings: [ledger] } };
  await writeFile(path, JSON.stringify({ ...config, ...bindings, name: 'reader' }));
  const port = await freePort();
  const output = openSync(log, 'a');
  const registry = join(state, 'registry');
  const child = spawnWorker(
    { config: path, port, stateDir: state, registry, vars: { AUTH: 'off' } },
    { detached: true, stdio: ['ignore', output, output] },
  );
  closeSync(output);
  const url = `http://127.0.0.1:${port}`;
  const reader = { url, stop: () => endGroup(child) };
  try {
    await untilHealthy(url);
  } catch (error) {
    await reader.stop();
    throw error;
  }
  return reader;
}

async function untilHealthy(url: string): Promise<void> {
  const end = performance.now() + READY_TIMEOUT_MS;
  while (performance.now() < end) {
    const answer = await fetch(`${url}/health`).catch(() => null);
    if (answer?.ok) return;
    await sleep(50);
  }
  throw new Error(`The reader's worker was not ready within ${READY_TIMEOUT_MS / 1000} s`);
}

/** Ends a worker's process with its child processes, which would continue without it. */
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
