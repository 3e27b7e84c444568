/**
 * Runs commands for tests, one after the other, in a process that has already loaded them. A separate process for
 * each command would spend most of its time on loading. {@link startCommandHost} starts this process.
 */
import yargs from 'yargs';
import { addClientCommands } from '../cli/commands/index.ts';
import { runCommand } from '../cli/run.ts';
import type { CliRun, HostedCommand } from './cli-run.ts';

process.on('message', async ({ args, env }: HostedCommand) => {
  process.send?.(await run(args, env));
});
process.send?.('ready');

async function run(args: readonly string[], env: HostedCommand['env']): Promise<CliRun> {
  let [stdout, stderr] = ['', ''];
  const write = { stdout: process.stdout.write, stderr: process.stderr.write };
  process.stdout.write = (text: string | Uint8Array) => {
    stdout += text;
    return true;
  };
  process.stderr.write = (text: string | Uint8Array) => {
    stderr += text;
    return true;
  };
  process.exitCode = 0;
  Object.assign(process.env, env);
  try {
    await runCommand(addClientCommands(yargs([...args]).scriptName('runner')));
    return { ended: Number(process.exitCode), stdout, stderr };
  } finally {
    for (const name of Object.keys(env)) delete process.env[name];
    process.stdout.write = write.stdout;
    process.stderr.write = write.stderr;
  }
}
