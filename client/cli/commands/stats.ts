import type { Argv } from 'yargs';
import type { QueueStats } from '../../client.ts';
import { connect, withConnection } from '../connection.ts';
import { ago, duration, print, printJson, printTable } from '../output.ts';

const STATUSES = ['ready', 'scheduled', 'processing', 'completed', 'failed', 'cancelled'] as const;

export function addStats(parser: Argv): Argv {
  return parser.command(
    'stats',
    'Show the number of tasks by type and status, and how many ended within the last hour',
    withConnection,
    async (flags) => {
      const stats = await (await connect(flags)).stats();
      if (flags.json) printJson(stats);
      else await printStats(stats);
    },
  );
}

async function printStats({ counts, types, oldestWaiting, minutes }: QueueStats): Promise<void> {
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
    print(`Oldest waiting task: ${taskId}, ${type}, ready for ${ago(since).replace(/ ago$/, '')}`);
  }
  print(`Within the last hour: ${sum(minutes, 'completed')} completed, ${sum(minutes, 'failed')} failed`);
  const last = minutes.at(-1);
  if (last?.waitMs && last.runMs) {
    const { waitMs, runMs } = last;
    print(
      `Last minute with tasks: waited ${duration(waitMs.p50)} (median), ${duration(waitMs.p95)} (p95); ` +
        `ran ${duration(runMs.p50)} (median), ${duration(runMs.p95)} (p95)`,
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
