import type { Argv } from 'yargs';
import { filterOf } from '../filter-flags.ts';
import { changeSelected, withSelection } from '../selection.ts';

export function addCancel(parser: Argv): Argv {
  return parser.command(
    'cancel [ids..]',
    'Cancel tasks by id, or all that match the filters',
    (command) =>
      withSelection(command).option('status', {
        choices: ['pending', 'processing'] as const,
        requiresArg: true,
        describe: 'Only tasks in this status (default: pending)',
      }),
    async (flags) => {
      const filter = { ...filterOf(flags), status: flags.status };
      await changeSelected(flags, filter, {
        done: 'Cancelled',
        one: (queue, id) => queue.cancel(id),
        all: (queue) => queue.cancelAll(filter),
      });
    },
  );
}
