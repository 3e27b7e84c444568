import type { Argv } from 'yargs';
import { addCancel, addRetry } from './change.ts';
import { addList } from './list.ts';
import { addPause, addResume, addRunners, addStats } from './queue.ts';
import { addStatus } from './status.ts';
import { addSubmit } from './submit.ts';
import { addWatch } from './watch.ts';

/** The commands of a client. What they work with is loaded when one is run. */
export function addClientCommands(parser: Argv): Argv {
  return [
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
  ].reduce((commands, add) => add(commands), parser);
}
