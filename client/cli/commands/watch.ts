import type { Argv } from 'yargs';
import { connect, withConnection } from '../connection.ts';
import { EXIT } from '../exit-codes.ts';
import { print, printJson, short } from '../output.ts';
import { printEnded, statusLine } from '../task-output.ts';

export function addWatch(parser: Argv): Argv {
  return parser.command(
    'watch <id>',
    'Follow a task until it has ended, and print each change of its status, attempt and progress',
    (command) =>
      withConnection(command).positional('id', { type: 'string', demandOption: true, describe: 'A task id' }),
    async (flags) => {
      const queue = await connect(flags);
      for await (const view of queue.follow(flags.id)) {
        const { completedAt, progress, status } = view;
        if (flags.json) {
          printJson(view);
          if (completedAt !== undefined && status !== 'completed') process.exitCode = EXIT.notCompleted;
        } else if (completedAt === undefined) {
          const shown = progress === undefined ? '' : `  ${short(progress, 200)}`;
          print(`${new Date().toLocaleTimeString('en-GB')}  ${statusLine(view)}${shown}`);
        }
      }
      if (!flags.json) await printEnded(await queue.get(flags.id), false);
    },
  );
}
