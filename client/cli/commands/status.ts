import type { Argv } from 'yargs';
import { connect, withConnection } from '../connection.ts';
import { printTask } from '../task-output.ts';

export function addStatus(parser: Argv): Argv {
  return parser.command(
    'status <id>',
    'Show a task: its status, progress, payload, result and attempts',
    (command) =>
      withConnection(command).positional('id', { type: 'string', demandOption: true, describe: 'A task id' }),
    async (flags) => {
      const queue = await connect(flags);
      await printTask(await queue.get(flags.id), flags.json);
    },
  );
}
