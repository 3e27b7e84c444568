import type { Argv } from 'yargs';
import type { QueueStats, RunnerView } from '../../client.ts';
import { connect, withConnection } from '../connection.ts';
import { ago, count, duration, print, printJson, printTable } from '../output.ts';

export function addStats(parser: Argv): Argv {
  return parser.command(
    'stats',
    'Show how many tasks there are of each type and status, and what ended within the last hour',
    withConnection,
    async (flags) => {
      const stats = await (await connect(flags)).stats();
      if (flags.json) printJson(stats);
      else await tellStats(stats);
    },
  );
}

export function addRunners(parser: Argv): Argv {
  return parser.command(
    'runners',
    'Show the runners that are connected or hold tasks',
    withConnection,
    async (flags) => {
      const list = await (await connect(flags)).runners();
      if (flags.json) printJson(list);
      else if (list.count === 0) print('No runner is connected');
      else await tellRunners(list.runners);
    },
  );
}

export function addPause(parser: Argv): Argv {
  return parser.command(
    'pause <type>',
    'Hand out no more tasks of a type; those that run go on',
    (command) => withConnection(command).positional('type', { type: 'string', demandOption: true }),
    async (flags) => {
      const answer = await (await connect(flags)).pause(flags.type);
      if (flags.json) printJson(answer);
      else print(`${answer.type} is paused: its tasks wait until \`resume ${answer.type}\``);
    },
  );
}

export function addResume(parser: Argv): Argv {
  return parser.command(
    'resume <type>',
    'Hand out tasks of a paused type again',
    (command) => withConnection(command).positional('type', { type: 'string', demandOption: true }),
    async (flags) => {
      const answer = await (await connect(flags)).resume(flags.type);
      if (flags.json) printJson(answer);
      else print(`${answer.type} is handed out`);
    },
  );
}

const STATUSES = ['ready', 'scheduled', 'processing', 'completed', 'failed', 'cancelled'] as const;

async function tellStats({ counts, types, oldestWaiting, minutes }: QueueStats): Promise<void> {
  const row = (name: string, of: QueueStats['counts'], note: string) => [
    name,
    ...STATUSES.map((status) => of[status].toLocaleString('en')),
    note,
  ];
  await printTable(
    ['TYPE', ...STATUSES.map((status) => status.toUpperCase()), 'NOTE'],
    [...types.map((type) => row(type.type, type.counts, noteOf(type))), row('all', counts, '')],
  );
  if (oldestWaiting) {
    const { taskId, type, since } = oldestWaiting;
    print(`Waits longest: ${taskId}, ${type}, ready since ${ago(since).replace(/ ago$/, '')}`);
  }
  print(`Within the last hour: ${sum(minutes, 'completed')} completed, ${sum(minutes, 'failed')} failed`);
  const last = minutes.at(-1);
  if (last?.waitMs && last.runMs) {
    const { waitMs, runMs } = last;
    print(
      `In the last such minute: waited ${duration(waitMs.p50)}, 95 % at most ${duration(waitMs.p95)}; ` +
        `ran ${duration(runMs.p50)}, 95 % at most ${duration(runMs.p95)}`,
    );
  }
}

function noteOf({ counts, paused, handled }: QueueStats['types'][number]): string {
  const waits = counts.ready + counts.scheduled > 0;
  return [paused ? 'paused' : '', waits && !handled ? 'no runner handles it' : ''].filter(Boolean).join(', ');
}

function sum(minutes: QueueStats['minutes'], what: 'completed' | 'failed'): string {
  return minutes.reduce((total, minute) => total + minute[what], 0).toLocaleString('en');
}

async function tellRunners(runners: readonly RunnerView[]): Promise<void> {
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
    if (stuck.length > 0) print(`\n${name} has threads that do not end. Restart it to end them:`);
    for (const { lane, type, taskId, since } of stuck) {
      print(`  ${lane} lane, since ${ago(since)}, by task ${taskId} of type ${type}`);
    }
  }
  for (const { name, tasks, held } of runners) {
    if (tasks.length === 0) continue;
    print(`\n${name} holds ${count(held, 'task')}${held > tasks.length ? ', longest of all' : ''}:`);
    await printTable(
      ['TASK', 'TYPE', 'CLAIMED'],
      tasks.map(({ taskId, type, claimedAt }) => [taskId, type, ago(claimedAt)]),
    );
  }
}
