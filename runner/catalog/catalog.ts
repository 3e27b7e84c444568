import { extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import { withoutHiddenPort } from '../threads/ports/hidden-port.ts';
import { threadEnv } from '../threads/thread-env.ts';
import { TaskSettings } from './definition.ts';
import { taskFiles } from './tasks-folder.ts';

/** A task type that this runner can run. */
export const TaskEntry = TaskSettings.extend({ file: z.string(), module: z.string() });
export type TaskEntry = z.infer<typeof TaskEntry>;

/** The task types of a runner, by name. */
export type Catalog = ReadonlyMap<string, TaskEntry>;

/** The answer of the catalog's thread: the entries, and a sentence for each file without one. */
export const CatalogAnswer = z.object({ entries: z.array(TaskEntry), problems: z.array(z.string()) });
export type CatalogAnswer = z.infer<typeof CatalogAnswer>;

/** A message before the answer: the file that the thread is about to import. */
const Loading = z.object({ loading: z.string() });

const LOAD_TIMEOUT_MS = 60_000;

/**
 * Loads the task types of some folders and of some built-in files, one type per file. A separate thread
 * imports the files, so their code never runs on the runner's main thread.
 *
 * @throws {Error} that lists every file without a usable task type and every name that two files declare.
 */
export async function loadCatalog(
  folders: readonly string[],
  builtIn: readonly string[] = [],
  env = process.env,
): Promise<Catalog> {
  const files = [...builtIn, ...(await Promise.all(folders.map(taskFiles))).flat()];
  const { entries, problems } = await inspect(files, env);
  const byType = Map.groupBy(entries, (entry) => entry.type);
  for (const [type, claimants] of byType) {
    if (claimants.length === 1) continue;
    const names = claimants.map((entry) => entry.file).join(' and ');
    const advice = claimants.some((entry) => builtIn.includes(entry.file))
      ? 'rename yours, or leave the built-in one out with --built-in (BUILT_IN)'
      : 'rename one of them';
    problems.push(`The task type "${type}" is declared by ${names}: ${advice}`);
  }
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return new Map(entries.map((entry) => [entry.type, entry]));
}

async function inspect(files: readonly string[], env: NodeJS.ProcessEnv): Promise<CatalogAnswer> {
  const modules = files.map((file) => ({ file, module: pathToFileURL(file).href }));
  const thread = join(import.meta.dirname, `catalog-thread${extname(import.meta.filename)}`);
  const options = { workerData: modules, env: threadEnv(env), stdout: true };
  const worker = withoutHiddenPort(() => new Worker(thread, options));
  // Output that a file prints when it loads must not mix with the log.
  worker.stdout.pipe(process.stderr, { end: false });
  const timeout = AbortSignal.timeout(LOAD_TIMEOUT_MS);
  try {
    return await new Promise((resolve, reject) => {
      let loading = '';
      worker.on('message', (message: unknown) => {
        const answer = CatalogAnswer.safeParse(message);
        if (answer.success) resolve(answer.data);
        else loading = Loading.parse(message).loading;
      });
      worker.once('error', (error: Error) =>
        reject(new Error(`${loading} cannot be loaded: ${error.message}`)),
      );
      worker.once('exit', () =>
        reject(new Error(`${loading} ended the thread that loaded it; remove its process.exit()`)),
      );
      timeout.onabort = () => reject(new Error(`${loading} did not load within ${LOAD_TIMEOUT_MS / 1000} s`));
    });
  } finally {
    await worker.terminate();
  }
}
