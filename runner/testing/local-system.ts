import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { freePort } from '../../edge/scripts/lib/local-edge.ts';
import {
  killGroups,
  listProcesses,
  type Process,
  withDescendants,
} from '../../edge/scripts/lib/process-table.ts';
import { waitFor } from '../../edge/testing/wait-for.ts';

const ROOT = join(import.meta.dirname, '../..');
/** The promise: ten seconds after a stop, no process remains, regardless of the cause of the stop. */
const GONE_WITHIN_MS = 10_000;
const STARTED_WITHIN_MS = 90_000;

/** A state folder and two ports. Tests start several edges with them, one after the other. */
export interface Place {
  readonly folder: string;
  readonly apiUrl: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface LocalProcess {
  readonly process: ChildProcess;
  readonly output: () => string;
  readonly ended: Promise<unknown>;
  /** The process and all processes that it started, as of the latest call of `saysReady`. */
  readonly tree: () => readonly Process[];
  /** Waits for a text in the output. */
  saysReady(text: string): Promise<void>;
  /** Returns the id of the oldest process in the tree with a matching command. */
  find(command: RegExp): number;
  /** Fails unless all processes in the tree end in time. */
  leavesNothing(): Promise<void>;
}

export async function preparePlace(t: TestContext): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'task-queue-local-'));
  t.after(() => rm(folder, { recursive: true }));
  const [api, buffer] = [await freePort(), await freePort()];
  const env = {
    API_PORT: String(api),
    BUFFER_PORT: String(buffer),
    STATE_DIR: join(folder, 'state'),
    DATA_DIR: join(folder, 'data'),
  };
  return { folder, apiUrl: `http://127.0.0.1:${api}`, env };
}

/** Starts a program in the package's folder, in a separate process group. All of it ends with the test. */
export function startLocal(
  t: TestContext,
  command: readonly [string, ...string[]],
  env: NodeJS.ProcessEnv,
): LocalProcess {
  const [program, ...args] = command;
  const child = spawn(program, args, {
    cwd: ROOT,
    detached: true,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [output, tree]: [string, Process[]] = ['', []];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const ended = once(child, 'exit');
  const remaining = async () => {
    const running = await listProcesses();
    return tree.filter(({ pid, command }) =>
      running.some((one) => one.pid === pid && one.command === command),
    );
  };
  t.after(async () => {
    const groups = (await remaining()).map(({ group }) => group);
    await killGroups([...new Set(groups)]);
  });
  return {
    process: child,
    output: () => output,
    ended,
    tree: () => tree,
    async saysReady(text) {
      await waitFor(`"${text}"`, () => output.includes(text) || child.exitCode !== null, STARTED_WITHIN_MS);
      if (!output.includes(text)) throw new Error(`The process ended: ${output}`);
      tree = withDescendants(await listProcesses(), child.pid ?? 0);
    },
    find(pattern) {
      const found = tree.find((one) => pattern.test(one.command));
      if (!found) throw new Error(`No started process matches ${pattern}`);
      return found.pid;
    },
    async leavesNothing() {
      await waitFor('the end of all processes', async () => (await remaining()).length === 0, GONE_WITHIN_MS);
    },
  };
}
