import type { Argv } from 'yargs';
import type { CancelFilter, ChangedTasks, RetryFilter, StatusView, TaskQueue } from '../client.ts';
import { type ConnectionFlags, connect, withConnection } from './connection.ts';
import { EXIT } from './exit-codes.ts';
import { sentenceOf } from './failure.ts';
import { isNarrowed, withFilters } from './filter-flags.ts';
import { count, print, printError, printJson } from './output.ts';

/** Adds the flags that select tasks. */
export function withSelection(parser: Argv) {
  return withFilters(withConnection(parser))
    .positional('ids', { type: 'string', array: true, default: [], describe: 'Task ids' })
    .option('all', { type: 'boolean', default: false, describe: 'All tasks that match the filters' });
}

interface SelectionFlags extends ConnectionFlags {
  readonly ids: readonly string[];
  readonly all: boolean;
  readonly json: boolean;
}

interface Change {
  readonly done: string;
  one(queue: TaskQueue, id: string): Promise<StatusView>;
  all(queue: TaskQueue): Promise<ChangedTasks>;
}

/** Changes the selected tasks and prints what changed. */
export async function changeSelected(
  flags: SelectionFlags,
  filter: CancelFilter | RetryFilter,
  { done, one, all }: Change,
): Promise<void> {
  if (flags.ids.length > 0 && (flags.all || isNarrowed(filter))) {
    throw new Error('Expected either task ids, or --all with filters, got both');
  }
  if (flags.ids.length === 0 && !flags.all) {
    throw new Error('Expected task ids, or --all; add --type, --tag or --status to select fewer tasks');
  }
  const queue = await connect(flags);
  if (flags.ids.length > 0) return changeEach(queue, flags, one);
  const changed = await all(queue);
  if (flags.json) printJson(changed);
  else print(`${done} ${count(changed.count, 'task')}`);
}

/** Changes each task. If one is refused, prints the reason and continues with the next. */
async function changeEach(
  queue: TaskQueue,
  { ids, json }: SelectionFlags,
  one: Change['one'],
): Promise<void> {
  for (const id of ids) {
    try {
      const view = await one(queue, id);
      if (json) printJson(view);
      else print(`${view.taskId}  ${view.status}`);
    } catch (error) {
      const sentence = sentenceOf(error);
      printError(sentence.includes(id) ? sentence : `${id}: ${sentence}`);
      process.exitCode = EXIT.error;
    }
  }
}
