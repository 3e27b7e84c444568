import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Argv } from 'yargs';
import { connect, withConnection } from '../../client/cli/connection.ts';
import { print, printError, printJson } from '../../client/cli/output.ts';
import type { Schedule, ScheduleSettings, TaskQueue } from '../../client/client.ts';
import { settingsOf } from '../../client/schedules.ts';
import { loadCatalog, type TaskEntry } from '../catalog/catalog.ts';

/** What happened to the schedule that a task type declares, or does not declare any more. */
export interface AppliedSchedule {
  readonly name: string;
  readonly change: 'created' | 'changed' | 'unchanged' | 'deleted';
}

/** `runner schedules apply`. */
export function addApply(parser: Argv): Argv {
  return parser.command(
    'apply',
    'Set the schedules that your task types declare',
    (command) =>
      withConnection(command)
        .option('tasks', {
          type: 'string',
          requiresArg: true,
          demandOption: true,
          describe: 'Folder with your own task types',
        })
        .option('prune', {
          type: 'boolean',
          default: false,
          describe: 'Delete schedules that were applied before and that no task type declares any more',
        }),
    async (flags) => {
      const catalog = await loadCatalog([resolve(flags.tasks)]);
      const queue = await connect(flags);
      const applied = await applySchedules(queue, catalog.values(), flags.prune);
      if (flags.json) return printJson(applied);
      for (const { name, change } of applied) print(`${change.padEnd(9)}  ${name}`);
      if (applied.length === 0) printError(`No task type in ${flags.tasks} declares a schedule`);
    },
  );
}

/**
 * Sets the schedules that task types declare. A repeat changes nothing.
 *
 * @param prune deletes the other schedules that were set in this way.
 * @throws {Error} that names the file of a schedule that was refused.
 */
export async function applySchedules(
  queue: TaskQueue,
  entries: Iterable<TaskEntry>,
  prune: boolean,
): Promise<AppliedSchedule[]> {
  const before = new Map<string, Schedule>();
  for await (const schedule of queue.schedules.listAll()) before.set(schedule.name, schedule);
  const applied: AppliedSchedule[] = [];
  for (const entry of entries) {
    if (!entry.schedule) continue;
    const { name = entry.type, ...declared } = entry.schedule;
    const known = before.get(name);
    const settings = { ...declared, type: entry.type, declared: true } as ScheduleSettings;
    const now = await queue.schedules.put(name, settings).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`The schedule of ${entry.file} was refused: ${reason}`, { cause: error });
    });
    const change = !known
      ? 'created'
      : isDeepStrictEqual(settingsOf(known), settingsOf(now))
        ? 'unchanged'
        : 'changed';
    applied.push({ name, change });
  }
  const names = new Set(applied.map(({ name }) => name));
  for (const { name, declared } of prune ? before.values() : []) {
    if (!declared || names.has(name)) continue;
    await queue.schedules.delete(name);
    applied.push({ name, change: 'deleted' });
  }
  return applied;
}

/** Sets the schedules of a folder on a local edge. A fault is reported, and the system runs without them. */
export async function applyLocally(apiUrl: string, folder: string | undefined): Promise<void> {
  if (folder === undefined) return;
  try {
    const catalog = await loadCatalog([resolve(folder)]);
    const applied = await applySchedules(await connect({ apiUrl }), catalog.values(), true);
    for (const { name, change } of applied) if (change !== 'unchanged') print(`Schedule ${name}: ${change}`);
  } catch (error) {
    printError(error instanceof Error ? error.message : String(error));
  }
}
