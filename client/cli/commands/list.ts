import type { Argv } from 'yargs';
import { MAX_LIST_LIMIT } from '../../../edge/contract/limits.ts';
import type { ListFilter, TaskList, TaskQueue } from '../../client.ts';
import { connect, withConnection } from '../connection.ts';
import { filterOf, withFilters } from '../filter-flags.ts';
import { numberOf } from '../flags.ts';
import { ago, printError, printJson, printTable } from '../output.ts';

const STATUSES = ['pending', 'processing', 'completed', 'failed', 'cancelled'] as const;
const DEFAULT_LIMIT = 20;

type ListedTask = TaskList['tasks'][number];

export function addList(parser: Argv): Argv {
  return parser.command(
    'list',
    'List tasks, newest first; --json prints one task per line',
    (command) =>
      withFilters(withConnection(command))
        .option('status', { choices: STATUSES, requiresArg: true, describe: 'Only tasks in this status' })
        .option('limit', {
          string: true,
          requiresArg: true,
          coerce: numberOf('limit'),
          defaultDescription: String(DEFAULT_LIMIT),
          describe: 'Maximum number of tasks to list',
        })
        .option('all', { type: 'boolean', conflicts: 'limit', describe: 'List all tasks' }),
    async (flags) => {
      const limit = flags.all ? Number.POSITIVE_INFINITY : (flags.limit ?? DEFAULT_LIMIT);
      if (!(limit >= 1)) throw new Error(`--limit: Expected a number of at least 1, got ${limit}`);
      const tasks = someTasks(await connect(flags), { ...filterOf(flags), status: flags.status }, limit);
      if (!flags.json) return printList(tasks);
      for await (const task of tasks) if (task !== 'more') printJson(task);
    },
  );
}

/** One call for each page, so that its tasks are shown without waiting for more. */
const AS_FOUND = { maxCalls: 1 };

/** Yields tasks page by page, up to a limit, and then `more` if more tasks match. */
async function* someTasks(
  queue: TaskQueue,
  filter: ListFilter,
  limit: number,
): AsyncGenerator<ListedTask | 'more', void, undefined> {
  let left = limit;
  let cursor: string | undefined;
  do {
    const page = await queue.list({ ...filter, cursor, limit: Math.min(left, MAX_LIST_LIMIT) }, AS_FOUND);
    yield* page.tasks;
    left -= page.count;
    cursor = page.nextCursor;
  } while (cursor !== undefined && left > 0);
  if (cursor !== undefined) yield 'more';
}

async function printList(tasks: AsyncIterable<ListedTask | 'more'>): Promise<void> {
  const rows: string[][] = [];
  let more = false;
  for await (const task of tasks) {
    if (task === 'more') more = true;
    else rows.push(rowOf(task));
  }
  if (rows.length === 0) printError('No tasks match the filters; archived tasks are not listed');
  else await printTable(['TASK', 'TYPE', 'STATUS', 'ATTEMPT', 'CREATED', 'ENDED', 'TAGS'], rows);
  if (more) printError('More tasks match: --limit N lists up to N tasks, --all lists all');
}

function rowOf({ id, type, status, attempt, createdAt, completedAt, tags = [] }: ListedTask): string[] {
  const ended = completedAt === undefined ? '' : ago(completedAt);
  return [id, type, status, String(attempt), ago(createdAt), ended, tags.join(' ')];
}
