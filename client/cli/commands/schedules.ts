import type { Argv } from 'yargs';
import type { Schedule, ScheduleTimes } from '../../client.ts';
import { connect, withConnection } from '../connection.ts';
import { type FlagsOf, number, seconds, time } from '../flags.ts';
import { ago, count, duration, print, printError, printJson, printTable } from '../output.ts';
import { readPayload } from '../payload.ts';

const text = { type: 'string', requiresArg: true } as const;

/** @param extend adds further commands below `schedules`. */
export function addSchedules(parser: Argv, extend: (parser: Argv) => Argv = (same) => same): Argv {
  return parser.command('schedules', 'List, set, run, pause and delete schedules', (command) =>
    extend(
      [addList, addShow, addSet, addRun, addBackfill, addPause, addResume, addDelete].reduce(
        (added, add) => add(added),
        command as Argv,
      ),
    ),
  );
}

const withName = (parser: Argv) =>
  withConnection(parser).positional('name', {
    type: 'string',
    demandOption: true,
    describe: 'The name of a schedule',
  });

function addList(parser: Argv): Argv {
  return parser.command(
    ['list', '$0'],
    'List all schedules; --json prints one per line',
    withConnection,
    async (flags) => {
      const { schedules } = await connect(flags);
      const rows: string[][] = [];
      for await (const schedule of schedules.listAll()) {
        if (flags.json) printJson(schedule);
        else rows.push(rowOf(schedule));
      }
      if (flags.json) return;
      if (rows.length === 0) printError('There is no schedule; `runner schedules set NAME …` creates one');
      else await printTable(['SCHEDULE', 'TYPE', 'TIMES', 'ZONE', 'NEXT', 'LAST', 'STATUS', 'STATE'], rows);
    },
  );
}

function rowOf(schedule: Schedule): string[] {
  const { name, type, timezone = '', nextRunAt, lastRunAt, lastStatus = '' } = schedule;
  const next = nextRunAt === undefined ? '' : until(nextRunAt);
  const last = lastRunAt === undefined ? '' : ago(lastRunAt);
  return [name, type, timesOf(schedule), timezone, next, last, lastStatus, stateOf(schedule)];
}

function timesOf({ words, cron, everySeconds = 0 }: Schedule): string {
  return words ?? cron ?? `Every ${duration(everySeconds * 1000)}`;
}

function stateOf({ paused, fault, queued, nextRunAt }: Schedule): string {
  if (fault !== undefined) return `stopped: ${fault}`;
  if (paused) return 'paused';
  if (queued > 0) return `${queued} waiting`;
  return nextRunAt === undefined ? 'ended' : '';
}

function until(at: string): string {
  const ms = Date.parse(at) - Date.now();
  return ms <= 0 ? 'due' : `in ${duration(ms)}`;
}

function addShow(parser: Argv): Argv {
  return parser.command('show <name>', 'Show a schedule and its next ten times', withName, async (flags) => {
    const { schedules } = await connect(flags);
    const schedule = await schedules.get(flags.name);
    if (flags.json) return printJson(schedule);
    const { name, type, payload, paused, next, lastRunAt, lastTaskId, lastStatus, lastLateMs, fault } =
      schedule;
    print(`${name}: ${timesOf(schedule)}${schedule.timezone ? ` in ${schedule.timezone}` : ''}`);
    print(`  task     ${type} ${payload === undefined ? '' : JSON.stringify(payload)}`);
    if (fault !== undefined) print(`  stopped  ${fault}`);
    if (paused) print(`  paused   \`runner schedules resume ${name}\` resumes it`);
    if (lastRunAt !== undefined) {
      print(
        `  last     ${lastRunAt}, ${lastStatus ?? 'archived'}, ${lastLateMs ?? 0} ms late, task ${lastTaskId}`,
      );
    }
    for (const at of next) print(`  next     ${at}`);
  });
}

function withSettings(parser: Argv) {
  return withName(parser)
    .option('type', { ...text, demandOption: true, describe: 'The task type' })
    .option('payload', { ...text, describe: 'JSON, @FILE, or @- for standard input' })
    .option('cron', { ...text, conflicts: 'every', describe: 'Five fields, or six with seconds first' })
    .option('every', { ...seconds('every'), describe: 'The interval: in seconds, or 90s, 30m, 2h, 7d, …' })
    .option('timezone', { ...text, describe: 'Of --cron, such as Europe/Berlin; UTC by default' })
    .option('start-at', { ...time('start-at', 'ahead'), describe: 'No run before this time' })
    .option('end-at', { ...time('end-at', 'ahead'), describe: 'No run after this time' })
    .option('overlap', {
      choices: ['skip', 'queue', 'cancel', 'allow'] as const,
      requiresArg: true,
      describe: 'While the last run is alive: skip (default), queue, cancel the last run, or allow both',
    })
    .option('missed', {
      choices: ['one', 'skip', 'all'] as const,
      requiresArg: true,
      describe: 'Times that passed while the queue was down: run the latest (default), none, or all',
    })
    .option('missed-within', {
      ...seconds('missed-within'),
      describe: 'How far --missed looks back; 1d by default',
    })
    .option('jitter', { ...seconds('jitter'), describe: 'Wait a further random time of up to this long' })
    .option('priority', { ...number('priority'), describe: 'From -100 to 100; higher runs first' })
    .option('max-attempts', { ...number('max-attempts'), describe: 'Number of attempts before a task fails' })
    .option('timeout', { ...seconds('timeout'), describe: 'Time limit of one attempt' })
    .option('tag', { type: 'string', array: true, nargs: 1, describe: 'A tag of its tasks; repeatable' });
}

function addSet(parser: Argv): Argv {
  return parser.command(
    'set <name>',
    'Create a schedule, or replace its settings',
    withSettings,
    async (flags) => {
      const payload = flags.payload === undefined ? undefined : await readPayload(flags.payload);
      const { schedules } = await connect(flags);
      const schedule = await schedules.put(flags.name, {
        type: flags.type,
        payload,
        ...timesFrom(flags),
        startAt: flags.startAt,
        endAt: flags.endAt,
        overlap: flags.overlap,
        missed: flags.missed,
        missedWithinSeconds: flags.missedWithin,
        jitterSeconds: flags.jitter,
        priority: flags.priority,
        maxAttempts: flags.maxAttempts,
        timeoutSeconds: flags.timeout,
        tags: flags.tag,
      });
      if (flags.json) printJson(schedule);
      else print(`${schedule.name}: ${timesOf(schedule)}, next at ${schedule.nextRunAt ?? 'no time'}`);
    },
  );
}

function timesFrom({ cron, every, timezone }: FlagsOf<typeof withSettings>): ScheduleTimes {
  if (cron !== undefined) return { cron, timezone };
  if (every === undefined) throw new Error('Expected either --cron or --every');
  if (timezone !== undefined)
    throw new Error('--timezone: Expected --cron as well; intervals do not depend on it');
  return { everySeconds: every };
}

function addRun(parser: Argv): Argv {
  return parser.command(
    'run <name>',
    'Run a schedule now, in addition to its times',
    withName,
    async (flags) => {
      const { schedules } = await connect(flags);
      const run = await schedules.run(flags.name);
      if (flags.json) printJson(run);
      else print(run.taskId);
    },
  );
}

function addBackfill(parser: Argv): Argv {
  return parser.command(
    'backfill <name>',
    'Insert the tasks of past times, up to 1,000',
    (command) =>
      withName(command)
        .option('from', {
          ...time('from', 'ago'),
          demandOption: true,
          describe: 'The first time, such as 7d',
        })
        .option('to', { ...time('to', 'ago'), demandOption: true, describe: 'The last time, such as 0s' }),
    async (flags) => {
      const { schedules } = await connect(flags);
      const { from, to } = flags;
      const answer = await schedules.backfill(flags.name, { from, to });
      if (flags.json) return printJson(answer);
      const known = answer.taskIds.length - answer.count;
      print(`Inserted ${count(answer.count, 'task')}${known > 0 ? `; ${known} were there already` : ''}`);
    },
  );
}

function addPause(parser: Argv): Argv {
  return parser.command('pause <name>', 'Pause a schedule: it inserts no tasks', withName, async (flags) => {
    const { schedules } = await connect(flags);
    const schedule = await schedules.pause(flags.name);
    if (flags.json) printJson(schedule);
    else print(`${flags.name} is paused. Run \`runner schedules resume ${flags.name}\` to resume it`);
  });
}

function addResume(parser: Argv): Argv {
  return parser.command('resume <name>', 'Resume a paused schedule', withName, async (flags) => {
    const { schedules } = await connect(flags);
    const schedule = await schedules.resume(flags.name);
    if (flags.json) printJson(schedule);
    else print(`${flags.name} is resumed, next at ${schedule.nextRunAt ?? 'no time'}`);
  });
}

function addDelete(parser: Argv): Argv {
  return parser.command('delete <name>', 'Delete a schedule; its tasks stay', withName, async (flags) => {
    const { schedules } = await connect(flags);
    const answer = await schedules.delete(flags.name);
    if (flags.json) printJson(answer);
    else print(answer.deleted ? `${flags.name} is deleted` : `There is no schedule ${flags.name}`);
  });
}
