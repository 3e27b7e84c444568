import type { Argv } from 'yargs';
import { addDeploy } from './deploy.ts';
import { addDev } from './dev.ts';
import { addInit } from './init.ts';
import { addReplay, addRun } from './run.ts';

/** Adds the commands of a project that has task types. */
export function addProjectCommands(parser: Argv): Argv {
  return [addInit, addDev, addDeploy, addRun, addReplay].reduce((added, add) => add(added), parser);
}
