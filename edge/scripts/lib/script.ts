import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { onStarterEnd } from './starter.ts';

const ROOT = join(import.meta.dirname, '../../..');

export interface ScriptOptions {
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** The target of its output: this process's output or a file. */
  readonly output?: 'inherit' | { readonly file: string };
  /** Resolve only after the script has printed a matching line. */
  readonly readyLine?: RegExp;
  /** Its working folder; the package's root by default. */
  readonly cwd?: string;
  /** Ends the script if aborted before the `readyLine`. */
  readonly signal?: AbortSignal;
}

/** One of this package's scripts, as a separate process. */
export interface Script {
  readonly process: ChildProcess;
  /** Resolves with the exit code when the script has ended; null if a signal ended it. */
  readonly ended: Promise<number | null>;
  /** Signals the script to end, and waits until it has ended. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
  /** The same within five seconds: signals again after three, then kills. Further calls send no more signals. */
  stopSoon(): Promise<number | null>;
}

const ASK_AGAIN_MS = 3000;
const KILL_MS = 5000;

/**
 * Starts a script of this package in a separate process group, so that Ctrl+C reaches only the starter. The
 * script notices the end of the starter by the IPC channel between them (`onStarterEnd`). When the script has
 * ended, the starter kills the rest of its process group. So no process remains if either of them is killed.
 *
 * @param path the script: absolute, or from the project's root.
 * @throws {Error} if the script ends before it has printed its `readyLine`, or if `signal` is already aborted.
 */
export async function startScript(path: string, options: ScriptOptions = {}): Promise<Script> {
  const { args = [], env = {}, output = 'inherit', readyLine, cwd = ROOT, signal } = options;
  signal?.throwIfAborted();
  const file = output === 'inherit' ? undefined : openSync(output.file, 'a');
  const child = spawn(process.execPath, [resolve(ROOT, path), ...args], {
    cwd,
    detached: true,
    env: { ...process.env, ...env },
    stdio: ['ignore', readyLine ? 'pipe' : (file ?? 'inherit'), file ?? 'inherit', 'ipc'],
  });
  // The child has its own copy of the descriptor now.
  if (file !== undefined) closeSync(file);
  const ended = once(child, 'exit').then(([code]) => {
    killGroup(child);
    return typeof code === 'number' ? code : null;
  });
  let soon: Promise<number | null> | undefined;
  const script: Script = {
    process: child,
    ended,
    stop(signal = 'SIGTERM') {
      child.kill(signal);
      return ended;
    },
    stopSoon() {
      soon ??= endSoon(script);
      return soon;
    },
  };
  if (readyLine) {
    const abort = () => void script.stopSoon();
    signal?.addEventListener('abort', abort, { once: true });
    await untilLine(script, path, readyLine, output === 'inherit');
    signal?.removeEventListener('abort', abort);
  }
  return script;
}

/**
 * Runs a script of this package as a child, in the same working folder, until it ends. A signal to stop this
 * process also stops the script, and so does the end of the npm process that started it.
 *
 * @returns its exit code.
 */
export async function runApart(path: string): Promise<number> {
  const script = await startScript(path, { cwd: process.cwd() });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => script.stop());
  onStarterEnd(() => script.stop());
  return (await script.ended) ?? 1;
}

/** Windows has no process groups: on it, a script must end the processes that it has started. */
function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // No process of the group remains.
  }
}

async function endSoon(script: Script): Promise<number | null> {
  const again = setTimeout(() => script.stop(), ASK_AGAIN_MS);
  const kill = setTimeout(() => script.stop('SIGKILL'), KILL_MS);
  const code = await script.stop();
  clearTimeout(again);
  clearTimeout(kill);
  return code;
}

async function untilLine(
  { process: child, ended }: Script,
  path: string,
  pattern: RegExp,
  echo: boolean,
): Promise<void> {
  if (!child.stdout) throw new Error(`${path} has no output to wait for`);
  const lines = createInterface({ input: child.stdout });
  const ready = new Promise<void>((resolve) => {
    lines.on('line', (line) => {
      if (echo) console.log(line);
      if (pattern.test(line)) resolve();
    });
  });
  const failed = ended.then((code) => {
    throw new Error(`${path} ended before it was ready (exit code ${code})`);
  });
  await Promise.race([ready, failed]);
  failed.catch(() => {});
}
