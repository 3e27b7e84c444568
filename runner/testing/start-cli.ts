import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { waitFor } from '../../edge/testing/wait-for.ts';
import { FIXTURES } from './held-tasks.ts';

const CLI = join(import.meta.dirname, '../cli.ts');

export interface Cli {
  readonly process: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Waits until standard output contains a text. */
  says(text: string): Promise<void>;
  /** Resolves to the exit code, or to the signal that ended the process. */
  readonly ended: Promise<number | string>;
}

/** Runs the command as a separate process without settings from this environment. It ends with the test. */
export function startCli(t: TestContext, args: readonly string[], env: Record<string, string> = {}): Cli {
  const child = spawn(process.execPath, [CLI, ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = once(child, 'close').then(([code, signal]) => code ?? signal);
  t.after(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return {
    process: child,
    stdout: () => stdout,
    stderr: () => stderr,
    says: async (text) => {
      await waitFor(`"${text}" in ${stdout}${stderr}`, () => stdout.includes(text));
    },
    ended,
  };
}

/** The flags for a runner with the fixtures on these workers. */
export function flagsFor({ queueUrl, apiUrl }: { queueUrl: string; apiUrl: string }): string[] {
  return ['--queue-url', queueUrl, '--api-url', apiUrl, '--tasks', FIXTURES, '--threads', '1'];
}
