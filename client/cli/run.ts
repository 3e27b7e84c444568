import type { Argv } from 'yargs';
import { exitCodeOf, sentenceOf } from './failure.ts';
import { printError } from './output.ts';

/** Runs the command of a parser. If it fails, prints a sentence and sets the exit code. */
export async function runCommand(parser: Argv): Promise<void> {
  try {
    await parser.parseAsync();
  } catch (error) {
    printError(sentenceOf(error));
    process.exitCode = exitCodeOf(error);
  }
}
