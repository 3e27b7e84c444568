import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Argv } from 'yargs';
import { edgeScript } from './edge-package.ts';

export function addDeploy(parser: Argv): Argv {
  return parser.command(
    'deploy',
    'Deploy both workers to Cloudflare, and create tokens if there are none',
    (command) =>
      command
        .option('dry-run', { type: 'boolean', default: false, describe: 'Only bundle and check, offline' })
        .option('set-tokens', {
          choices: ['client', 'runner'] as const,
          requiresArg: true,
          describe: 'Set the tokens of this kind on both workers; deploy nothing',
        }),
    async ({ dryRun, setTokens }) => {
      const args = [...(dryRun ? ['--dry-run'] : []), ...(setTokens ? ['--set-tokens', setTokens] : [])];
      const child = spawn(process.execPath, [edgeScript('deploy'), ...args], { stdio: 'inherit' });
      const [code] = await once(child, 'exit');
      process.exitCode = code ?? 1;
    },
  );
}
