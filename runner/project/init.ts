import { access, cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import type { Argv } from 'yargs';
import { print } from '../../client/cli/output.ts';

const TEMPLATE = join(import.meta.dirname, 'template');
const IGNORED = ['node_modules', '.state', 'data', 'outbox', '.env*', '*.env', '.dev.vars'];
/** Files that get these lines, if they do not have them. */
const IGNORE_FILES = {
  '.gitignore': IGNORED,
  '.dockerignore': ['.git', '**/.npmrc', ...IGNORED.map((name) => `**/${name}`)],
};
const SCRIPTS = {
  dev: 'runner dev --tasks tasks',
  start: 'runner --tasks tasks',
  test: 'node --test "tasks/**/*.test.ts"',
  deploy: 'runner deploy',
};

export function addInit(parser: Argv): Argv {
  return parser.command(
    'init [folder]',
    'Set up your own project: a task type with its test, and scripts to run them',
    (command) =>
      command.positional('folder', { type: 'string', default: '.', describe: 'The folder of the project' }),
    async ({ folder }) => {
      await initProject(resolve(folder));
    },
  );
}

/**
 * Writes the files of a project. Existing files stay as they are, except that missing entries are added to
 * `package.json`, `.gitignore` and `.dockerignore`.
 *
 * @throws {Error} if the folder is that of edge-task-queue itself.
 */
export async function initProject(folder: string, say = print): Promise<void> {
  const found = await readPackage(folder);
  if (found?.name === 'edge-task-queue') {
    throw new Error('This is the folder of edge-task-queue. Run `npx runner init` in your own project.');
  }
  await mkdir(folder, { recursive: true });
  for (const file of await templateFiles()) {
    const target = join(folder, file);
    if (await exists(target)) {
      say(`kept     ${relative(process.cwd(), target)}`);
      continue;
    }
    await cp(join(TEMPLATE, file), target, { recursive: true });
    say(`created  ${relative(process.cwd(), target)}`);
  }
  await writePackage(join(folder, 'package.json'), found, say);
  for (const [name, lines] of Object.entries(IGNORE_FILES)) await ignoreFiles(join(folder, name), lines, say);
  say('\nNext: npm test, then npm run dev');
}

async function templateFiles(): Promise<string[]> {
  const entries = await readdir(TEMPLATE, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(TEMPLATE, join(entry.parentPath, entry.name)));
}

interface PackageFile {
  readonly name?: string;
  readonly scripts?: Record<string, string>;
}

async function readPackage(folder: string): Promise<PackageFile | undefined> {
  const path = join(folder, 'package.json');
  return (await exists(path)) ? JSON.parse(await readFile(path, 'utf8')) : undefined;
}

async function writePackage(
  path: string,
  found: PackageFile | undefined,
  say: (line: string) => void,
): Promise<void> {
  const settings: PackageFile & { private?: boolean } = found ?? {
    name: basename(join(path, '..')),
    private: true,
  };
  // `npm init` creates a CommonJS project. Node cannot import the task files of such a project.
  const next = { ...settings, type: 'module', scripts: { ...SCRIPTS, ...written(settings.scripts) } };
  const isSame = JSON.stringify(next) === JSON.stringify(found);
  say(`${isSame ? 'kept    ' : found ? 'changed ' : 'created '} ${relative(process.cwd(), path)}`);
  if (!isSame) await writeFile(path, `${JSON.stringify(next, null, 2)}\n`);
}

/** The scripts that a person has written, without the `test` script that `npm init` adds. */
function written(scripts: Record<string, string> = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(scripts).filter(([, command]) => !command.includes('no test specified')),
  );
}

async function ignoreFiles(
  path: string,
  lines: readonly string[],
  say: (line: string) => void,
): Promise<void> {
  const isThere = await exists(path);
  const text = isThere ? await readFile(path, 'utf8') : '';
  const missing = lines.filter((name) => !text.split('\n').includes(name));
  const word = missing.length === 0 ? 'kept    ' : isThere ? 'changed ' : 'created ';
  say(`${word} ${relative(process.cwd(), path)}`);
  if (missing.length === 0) return;
  await writeFile(path, `${text === '' || text.endsWith('\n') ? text : `${text}\n`}${missing.join('\n')}\n`);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
