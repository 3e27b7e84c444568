import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import { type FileLock, lockFile } from './file-lock.ts';

const ROOT = join(import.meta.dirname, '../../..');
const WAIT_MS = 10 * 60_000;

/** Everything that the builds of this package may read. */
const SOURCES = [
  'client',
  'edge',
  'runner',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
].map((path) => join(ROOT, path));
/** Folders that contain no sources: build output and wrangler's files. */
const NOT_SOURCES = /(^|\/)(dist|dist\..*|node_modules|\.\w+)(\/|$)/;

/**
 * Builds a folder, unless neither the sources nor the folder have changed since the last build.
 *
 * The new build is created next to the last one and renamed when it is complete. So a process that reads the
 * folder never sees half a build, and a killed build leaves the last one. Builds of one folder wait for each
 * other. The folder's lock and the hash of its sources are stored next to it.
 *
 * @param folder the folder to build; its parent folder must exist.
 * @param build builds into another folder, which does not exist yet.
 * @param sources files and folders; a change to any of them causes a new build.
 * @returns whether the folder was built.
 * @throws {Error} if another build has not ended within ten minutes. Errors of `build` are passed on.
 */
export async function buildFolder(
  folder: string,
  build: (target: string) => void | Promise<void>,
  sources: readonly string[] = SOURCES,
): Promise<boolean> {
  const record = `${folder}.hash`;
  // A compiler that outlives a killed build writes to that build's own target.
  const target = `${folder}.next.${process.pid}`;
  const former = `${folder}.former`;
  const lock = lockFile(`${folder}.lock`) ?? waitFor(`${folder}.lock`);
  try {
    const from = hashOf(listSources(sources));
    if (existsSync(record) && readFileSync(record, 'utf8') === from + hashOf(listFiles(folder))) return false;

    for (const rest of [former, ...listTargets(folder)]) rmSync(rest, { recursive: true, force: true });
    await build(target);
    if (existsSync(folder)) renameSync(folder, former);
    renameSync(target, folder);
    rmSync(former, { recursive: true, force: true });
    writeFileSync(record, from + hashOf(listFiles(folder)));
    return true;
  } finally {
    lock.release();
  }
}

/** The folders that killed builds have left. */
function listTargets(folder: string): string[] {
  const names = readdirSync(dirname(folder)).filter((name) => name.startsWith(`${basename(folder)}.next.`));
  return names.map((name) => join(dirname(folder), name));
}

function waitFor(path: string): FileLock {
  console.log('Another build runs in this folder; waiting until it ends');
  const lock = lockFile(path, WAIT_MS);
  if (lock) return lock;
  throw new Error('Another build in this folder has not ended within ten minutes. End it, then build again.');
}

/** The hash of the files' contents and paths. */
function hashOf(files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of files.toSorted()) {
    const content = readFileSync(file);
    hash.update(`${relative(ROOT, file)}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

function listSources(sources: readonly string[]): string[] {
  const files = sources.flatMap(listFiles);
  return files.filter((file) => !NOT_SOURCES.test(relative(ROOT, file).replaceAll(sep, '/')));
}

/** All files of a folder and its subfolders. For a file, the file itself. */
function listFiles(path: string): string[] {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats?.isDirectory()) return stats ? [path] : [];
  const entries = readdirSync(path, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
