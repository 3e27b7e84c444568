import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import { type FileLock, lockFile } from './file-lock.ts';

const ROOT = join(import.meta.dirname, '../../..');
const WAIT_MS = 10 * 60_000;

/** All that the builds of this package may read. */
const SOURCES = [
  'client',
  'edge',
  'runner',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
].map((path) => join(ROOT, path));
/** Folders in them that hold no sources: what is built, and wrangler's own. */
const NOT_SOURCES = /(^|\/)(dist|dist\..*|node_modules|\.\w+)(\/|$)/;

/**
 * Builds a folder, unless the last build is still right: neither the sources nor the folder have changed since.
 * What was built last stays complete until the new one is: it is built beside it and renamed into place, so
 * neither a process that reads the folder nor a build that is killed is left with half of it. Builds of a
 * folder wait for one another. Beside the folder lie its lock and the hash of what it was built from.
 *
 * @param folder what is built, in a folder that exists.
 * @param build builds it into another folder, which does not exist yet.
 * @param sources files and folders; a change of any of them builds again.
 * @returns whether it was built.
 * @throws {Error} when another build has not ended within ten minutes, and what `build` throws.
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

/** What killed builds have left. */
function listTargets(folder: string): string[] {
  const names = readdirSync(dirname(folder)).filter((name) => name.startsWith(`${basename(folder)}.next.`));
  return names.map((name) => join(dirname(folder), name));
}

function waitFor(path: string): FileLock {
  console.log('Another build runs in this folder; waiting for its end');
  const lock = lockFile(path, WAIT_MS);
  if (lock) return lock;
  throw new Error('Another build in this folder has not ended within ten minutes. End it, then build again.');
}

/** Of what files hold, and of their paths. */
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

/** The files that a folder holds, however deep; a file is itself. */
function listFiles(path: string): string[] {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats?.isDirectory()) return stats ? [path] : [];
  const entries = readdirSync(path, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
