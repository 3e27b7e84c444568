import type { Argv } from 'yargs';
import type { RunnerView } from '../../client.ts';
import { connect, withConnection } from '../connection.ts';
import { ago, count, print, printJson, printTable } from '../output.ts';
import { printable } from '../printable.ts';

export function addRunners(parser: Argv): Argv {
  return parser.command(
    'runners',
    'Show the runners that are connected or hold tasks',
    withConnection,
    async (flags) => {
      const list = await (await connect(flags)).runners();
      if (flags.json) printJson(list);
      else if (list.count === 0) print('No runner is connected');
      else await printRunners(list.runners);
    },
  );
}

async function printRunners(runners: readonly RunnerView[]): Promise<void> {
  await printTable(
    ['RUNNER', 'STARTED', 'THREADS', 'IO', 'HOLDS', 'STUCK', 'TYPES'],
    runners.map(({ name, startedAt, threads, ioConcurrency, held, stuck = [], types = [] }) => [
      name,
      startedAt === undefined ? '' : ago(startedAt),
      String(threads ?? ''),
      String(ioConcurrency ?? ''),
      String(held),
      stuck.length > 0 ? count(stuck.length, 'thread') : '',
      types.join(' '),
    ]),
  );
  for (const { name, stuck = [] } of runners) {
    if (stuck.length > 0) print(`\n${printable(name)} has threads that do not end. Restart it to end them:`);
    for (const { lane, type, taskId, since } of stuck) {
      print(`  ${lane} lane, since ${ago(since)}, by task ${taskId} of type ${type}`);
    }
  }
  for (const { name, tasks, held } of runners) {
    if (tasks.length === 0) continue;
    const longest = held > tasks.length ? '. Those held longest' : '';
    print(`\n${printable(name)} holds ${count(held, 'task')}${longest}:`);
    await printTable(
      ['TASK', 'TYPE', 'CLAIMED'],
      tasks.map(({ taskId, type, claimedAt }) => [taskId, type, ago(claimedAt)]),
    );
  }
}
