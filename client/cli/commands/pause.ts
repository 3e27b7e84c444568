import type { Argv } from 'yargs';
import { connect, withConnection } from '../connection.ts';
import { print, printJson } from '../output.ts';

export function addPause(parser: Argv): Argv {
  return parser.command(
    'pause <type>',
    'Pause a task type: its waiting tasks do not start; running tasks continue',
    (command) => withConnection(command).positional('type', { type: 'string', demandOption: true }),
    async (flags) => {
      const answer = await (await connect(flags)).pause(flags.type);
      if (flags.json) printJson(answer);
      else print(`${answer.type} is paused. Run \`runner resume ${answer.type}\` to resume it`);
    },
  );
}
