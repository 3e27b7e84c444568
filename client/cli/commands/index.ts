import type { Argv } from 'yargs';
import { addCancel } from './cancel.ts';
import { addList } from './list.ts';
import { addPause } from './pause.ts';
import { addResume } from './resume.ts';
import { addRetry } from './retry.ts';
import { addRunners } from './runners.ts';
import { addSchedules } from './schedules.ts';
import { addStats } from './stats.ts';
import { addStatus } from './status.ts';
import { addSubmit } from './submit.ts';
import { addWatch } from './watch.ts';

/** The flags and arguments that may be given more than once. */
const REPEATABLE = new Set(['_', 'ids', 'tag']);

type Extend = (parser: Argv) => Argv;

/**
 * Adds the commands of a client. Each loads its dependencies when it runs. The parser rejects with a sentence if
 * the arguments are invalid, and with the error that a command throws.
 *
 * @param belowSchedules adds further commands below `schedules`.
 */
export function addClientCommands(parser: Argv, belowSchedules?: Extend): Argv {
  const commands = [
    addSubmit,
    addStatus,
    addWatch,
    addList,
    addCancel,
    addRetry,
    addStats,
    addRunners,
    addPause,
    addResume,
    (added: Argv) => addSchedules(added, belowSchedules),
  ];
  return commands
    .reduce((added, add) => add(added), parser.middleware(refuseRepeated, true))
    .strict()
    .updateStrings({
      'Arguments %s and %s are mutually exclusive': 'Expected --%s or --%s, got both',
      'Not enough arguments following: %s': '--%s: Expected a value, got none',
    })
    .fail((message, error) => {
      throw error ?? new Error(`${message}\nRun "runner --help" or "runner COMMAND --help" for help`);
    });
}

/** yargs turns a flag that is given twice into a list. The commands expect a single value. */
function refuseRepeated(flags: Record<string, unknown>): void {
  for (const [flag, value] of Object.entries(flags)) {
    if (!Array.isArray(value) || REPEATABLE.has(flag)) continue;
    throw new Error(`--${flag}: Expected one value, got ${value.length}`);
  }
}
