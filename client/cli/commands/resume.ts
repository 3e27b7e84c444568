import type { Argv } from 'yargs';
import { connect, withConnection } from '../connection.ts';
import { print, printJson } from '../output.ts';

export function addResume(parser: Argv): Argv {
  return parser.command(
    'resume <type>',
    'Resume a paused task type',
    (command) => withConnection(command).positional('type', { type: 'string', demandOption: true }),
    async (flags) => {
      const answer = await (await connect(flags)).resume(flags.type);
      if (flags.json) printJson(answer);
      else print(`${answer.type} is resumed`);
    },
  );
}
