import type { Argv } from 'yargs';
import { filterOf } from '../filter-flags.ts';
import { timeOf } from '../flags.ts';
import { changeSelected, withSelection } from '../selection.ts';

export function addRetry(parser: Argv): Argv {
  return parser.command(
    'retry [ids..]',
    'Retry failed or cancelled tasks by id, or all that match the filters',
    (command) =>
      withSelection(command)
        .option('status', {
          choices: ['failed', 'cancelled'] as const,
          requiresArg: true,
          describe: 'Only tasks in this status (default: failed)',
        })
        .option('since', {
          string: true,
          requiresArg: true,
          coerce: timeOf('since', 'ago'),
          describe: 'Only tasks that ended after a time, or within the last 30m, 2h, 7d, …',
        }),
    async (flags) => {
      const filter = { ...filterOf(flags), status: flags.status, since: flags.since };
      await changeSelected(flags, filter, {
        done: 'Retried',
        one: (queue, id) => queue.retry(id),
        all: (queue) => queue.retryAll(filter),
      });
    },
  );
}
