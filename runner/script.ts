import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const ROOT = join(import.meta.dirname, '..');

export interface ScriptOptions {
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Where its output goes: this process's own, or a file. */
  readonly output?: 'inherit' | { readonly file: string };
  /** Resolve only when it has printed a line that matches. */
  readonly readyLine?: RegExp;
}

/** One of this package's scripts, as a process of its own. */
export interface Script {
  readonly process: ChildProcess;
  /** Resolves with its exit code when it has ended; null when a signal ended it. */
  readonly ended: Promise<number | null>;
  /** Tells it to end, and waits until it has. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/**
 * Starts a script of this package. It is in a process group of its own, so that Ctrl+C reaches the starter
 * alone, and it ends when the starter does, by the IPC channel between them.
 *
 * @param path the script, from the package's root.
 * @throws {Error} when it ends before it has printed its `readyLine`.
 */
export async function startScript(path: string, options: ScriptOptions = {}): Promise<Script> {
  const { args = [], env = {}, output = 'inherit', readyLine } = options;
  const file = output === 'inherit' ? undefined : openSync(output.file, 'a');
  const child = spawn(process.execPath, [join(ROOT, path), ...args], {
    cwd: ROOT,
    detached: true,
    env: { ...process.env, ...env },
    stdio: ['ignore', readyLine ? 'pipe' : (file ?? 'inherit'), file ?? 'inherit', 'ipc'],
  });
  // The child has its own now.
  if (file !== undefined) closeSync(file);
  const ended = once(child, 'exit').then(([code]) => (typeof code === 'number' ? code : null));
  const script: Script = {
    process: child,
    ended,
    stop(signal = 'SIGTERM') {
      child.kill(signal);
      return ended;
    },
  };
  if (readyLine) await untilLine(script, path, readyLine, output === 'inherit');
  return script;
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
