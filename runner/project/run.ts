import { existsSync } from 'node:fs';
import inspector from 'node:inspector';
import { resolve } from 'node:path';
import type { Argv } from 'yargs';
import { connect, withConnection } from '../../client/cli/connection.ts';
import { EXIT } from '../../client/cli/exit-codes.ts';
import { printError, printJson } from '../../client/cli/output.ts';
import { readPayload } from '../../client/cli/payload.ts';
import { BUILT_IN_TYPES, builtInFiles } from '../catalog/built-in.ts';
import { loadCatalog, type TaskEntry } from '../catalog/catalog.ts';
import { loadDefinition } from '../catalog/definition.ts';
import { taskEnv } from '../threads/thread-env.ts';
import { type LoggedLine, type RunTaskOptions, runTask } from './run-task.ts';

const INSPECTOR_PORT = 9229;
/** Where `runner init` puts task types. */
const DEFAULT_FOLDER = 'tasks';

/** Adds the flags that select the task types and how they run. */
function withTypes<Flags>(parser: Argv<Flags>) {
  return parser
    .option('tasks', {
      type: 'string',
      requiresArg: true,
      describe: 'Folder with your own task types [TASKS_DIR]',
      defaultDescription: `${DEFAULT_FOLDER}, if it exists`,
    })
    .option('data-dir', {
      type: 'string',
      requiresArg: true,
      describe: 'Folder that tasks read their files from [DATA_DIR]',
    })
    .option('inspect', {
      type: 'boolean',
      default: false,
      describe: `Wait for a debugger at 127.0.0.1:${INSPECTOR_PORT} and pause before the task runs`,
    });
}

interface LocalFlags {
  readonly tasks?: string | undefined;
  readonly dataDir?: string | undefined;
  readonly inspect: boolean;
}

export function addRun(parser: Argv): Argv {
  return parser.command(
    'run <type>',
    'Run one task on this machine, without the edge',
    (command) =>
      withTypes(command)
        .positional('type', { type: 'string', demandOption: true, describe: 'The name of a task type' })
        .option('payload', {
          type: 'string',
          requiresArg: true,
          describe: 'JSON, @FILE, or @- for standard input',
        }),
    async (flags) => {
      const payload = flags.payload === undefined ? {} : await readPayload(flags.payload);
      await runHere(flags.type, payload, flags);
    },
  );
}

export function addReplay(parser: Argv): Argv {
  return parser.command(
    'replay <id>',
    'Run a task of the queue again on this machine; its result is not reported',
    (command) =>
      withTypes(withConnection(command)).positional('id', {
        type: 'string',
        demandOption: true,
        describe: 'A task id',
      }),
    async (flags) => {
      const task = await (await connect(flags)).get(flags.id);
      await runHere(task.type, task.payload, flags, {
        taskId: task.taskId,
        attempt: task.attempt + 1,
        ...(task.schedule && { schedule: task.schedule }),
      });
    },
  );
}

/** Runs an attempt and prints its log, its progress and its outcome. */
async function runHere(
  type: string,
  payload: unknown,
  flags: LocalFlags,
  ids: Pick<RunTaskOptions, 'taskId' | 'attempt' | 'schedule'> = {},
): Promise<void> {
  const entry = await findType(type, flags);
  const definition = await loadDefinition(entry.module, entry.file);
  if (flags.inspect) openInspector();
  const startedAt = performance.now();
  const { outcome } = await runTask(definition, payload, {
    ...ids,
    dataDir: resolve(flags.dataDir ?? (process.env.DATA_DIR || 'data')),
    env: taskEnv(process.env, definition.env),
    onLog: printLine,
    onProgress: (value) => printError(`progress ${JSON.stringify(value)}`),
  });
  printError(`${outcome.status} after ${Math.round(performance.now() - startedAt)} ms`);
  if (outcome.status === 'completed') {
    if (outcome.result !== undefined) printJson(outcome.result);
    return;
  }
  const { code, message, retryable } = outcome.error;
  printError(`${code}: ${message}${retryable ? '' : ' (not retried)'}`);
  if (outcome.thrown instanceof Error && outcome.thrown.stack) printError(outcome.thrown.stack);
  process.exitCode = EXIT.notCompleted;
}

async function findType(type: string, flags: LocalFlags): Promise<TaskEntry> {
  const named = flags.tasks ?? (process.env.TASKS_DIR || undefined);
  const folder = named ?? (existsSync(DEFAULT_FOLDER) ? DEFAULT_FOLDER : undefined);
  const folders = folder === undefined ? [] : [resolve(folder)];
  const catalog = await loadCatalog(folders, builtInFiles(BUILT_IN_TYPES));
  const entry = catalog.get(type);
  if (entry) return entry;
  const known = [...catalog.keys()].join(', ');
  const hint = folder === undefined ? ' Name the folder of your own types with --tasks (TASKS_DIR).' : '';
  throw new Error(`There is no task type ${JSON.stringify(type)} here. The known types are ${known}.${hint}`);
}

function openInspector(): void {
  inspector.open(INSPECTOR_PORT, '127.0.0.1', true);
  // biome-ignore lint/suspicious/noDebugger: the flag asks for it.
  debugger;
}

/** Prints on standard error, so that standard output contains only the result. */
function printLine({ level, message, details }: LoggedLine): void {
  printError(`${level} ${message}${details === undefined ? '' : ` ${JSON.stringify(details)}`}`);
}
