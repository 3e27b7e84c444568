import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { CliRun, HostedCommand } from './cli-run.ts';

/** Shared by all processes: compiling the program takes longer than running a command. */
const COMPILE_CACHE = join(tmpdir(), 'task-queue-cli-compiled');
const CLI = resolve(import.meta.dirname, '../../runner/cli.ts');
const HOST = resolve(import.meta.dirname, 'command-host.ts');

/** No variable of the test's own environment reaches the command. */
const ENVIRONMENT = { PATH: process.env.PATH, NODE_COMPILE_CACHE: COMPILE_CACHE };

export interface CliOptions {
  readonly env?: Record<string, string>;
  readonly input?: string;
  /** Called with the process once it has written something to standard output. */
  readonly onOutput?: (child: ChildProcess) => unknown;
}

/** Runs a command in a separate process, without the settings of this environment. */
export async function runCli(
  args: readonly string[],
  { env = {}, input = '', onOutput }: CliOptions = {},
): Promise<CliRun> {
  const child = spawn(process.execPath, [CLI, ...args], { env: { ...ENVIRONMENT, ...env } });
  child.stdin.end(input);
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  if (onOutput) child.stdout.once('data', () => onOutput(child));
  const [code, signal] = await once(child, 'close');
  return { ended: code ?? signal, stdout, stderr };
}

/** A process that runs commands, one after the other. */
export interface CommandHost {
  run(args: readonly string[], env: Record<string, string>): Promise<CliRun>;
  close(): void;
}

export async function startCommandHost(): Promise<CommandHost> {
  const child = fork(HOST, { env: ENVIRONMENT, execArgv: [] });
  await once(child, 'message');
  let last: Promise<unknown> = Promise.resolve();
  return {
    run(args, env) {
      const command: HostedCommand = { args, env };
      const ran = last.then(async (): Promise<CliRun> => {
        const answered = once(child, 'message');
        child.send(command);
        const [answer] = await answered;
        return answer;
      });
      last = ran;
      return ran;
    },
    close: () => child.disconnect(),
  };
}
