#!/usr/bin/env node
import yargs, { type Argv } from 'yargs';
import { hideBin } from 'yargs/helpers';
import { addClientCommands } from '../client/cli/commands/index.ts';
import { EXIT_CODES } from '../client/cli/exit-codes.ts';
import { sentenceOf } from '../client/cli/failure.ts';
import { printError } from '../client/cli/output.ts';
import { runCommand } from '../client/cli/run.ts';
import { onStarterEnd } from '../edge/scripts/lib/starter.ts';
import { addProjectCommands } from './project/commands.ts';
import { addApply } from './project/declared-schedules.ts';

const ASK_AGAIN_MS = 3000;
const EXIT_MS = 5000;

let stop = (): void => process.exit(0);
let isStopping = false;
// The runner must not outlive the process that started it, not even while it loads.
onStarterEnd((starter) => {
  stopOnce();
  if (starter === 'npm') return;
  // A script ends everything that it started within a short time. The workers of this runner end too.
  setTimeout(requestStop, ASK_AGAIN_MS);
  setTimeout(() => process.exit(1), EXIT_MS);
});

// The reader of the output may stop reading: `runner list --all | head`. If what it has not read is dropped, the
// error is ECONNRESET.
process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
  if (code === 'EPIPE' || code === 'ECONNRESET') process.exit(0);
  printError(`Standard output cannot be written: ${message}`);
  process.exit(1);
});

const parser = yargs(hideBin(process.argv))
  .scriptName('runner')
  .command('$0', 'Claim tasks from the edge and run them on worker threads', withRunnerFlags, startRunner);
addClientCommands(addProjectCommands(parser), addApply)
  .completion('completion', 'Print a script that completes commands and flags in your shell', completeWords)
  .epilogue(EXIT_CODES)
  .wrap(110);

await runCommand(parser);

/** The words that yargs finds, without `$0`, its name for the default command. */
function completeWords(
  _current: string,
  _flags: unknown,
  find: (onFound: (error: Error | null, words?: string[]) => void) => void,
  complete: (words: string[]) => void,
): void {
  find((_error, words = []) => complete(words.filter((word) => !word.startsWith('$0'))));
}

async function withRunnerFlags(command: Argv): Promise<Argv> {
  const { listSettings } = await import('./options.ts');
  for (const { flag, env, description, defaultValue } of listSettings()) {
    command.option(flag, {
      describe: `${description} [${env}]`,
      group: 'Runner:',
      ...(typeof defaultValue === 'boolean' ? { type: 'boolean' } : { type: 'string', requiresArg: true }),
      ...(defaultValue !== undefined && { defaultDescription: String(defaultValue) }),
    });
  }
  return command;
}

async function startRunner(flags: Record<string, unknown>): Promise<void> {
  const { run } = await import('./run.ts');
  try {
    await run(flags, (stopRunner) => {
      stop = stopRunner;
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, requestStop);
      process.on('SIGHUP', stopOnce);
    });
    process.exit(0);
  } catch (error) {
    // The exit also ends what was started, such as threads.
    printError(sentenceOf(error));
    process.exit(1);
  }
}

/** The second request ends running tasks at once. */
function requestStop(): void {
  isStopping = true;
  stop();
}

/** A closing terminal is noticed several times: by SIGHUP and by the end of npm. It requests one stop only. */
function stopOnce(): void {
  if (!isStopping) requestStop();
}
