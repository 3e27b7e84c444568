import type { Argv } from 'yargs';
import { exitCodeOf, sentenceOf } from './failure.ts';
import { printError } from './output.ts';

/** Runs the command that a parser was given; what goes wrong is told by a sentence and by the exit code. */
export async function runCommand(parser: Argv): Promise<void> {
  try {
    await parser.parseAsync();
  } catch (error) {
    printError(sentenceOf(error));
    process.exitCode = exitCodeOf(error);
  }
}
