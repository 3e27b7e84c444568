import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import {
  access,
  link,
  lstat,
  mkdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { NonRetryableError } from '../../task.ts';
import { fileFailure, systemCodeOf } from './file-failure.ts';

/**
 * The real path of a file that a payload names, relative to the data folder.
 *
 * @param hint - what to do where the file is missing, a sentence.
 * @throws NonRetryableError where the file is missing, cannot be read or lies outside the data folder.
 */
export async function existingDataFile(dataDir: string, name: string, hint: string): Promise<string> {
  refuseOutside(name);
  return reading(name, async () => {
    try {
      const [folder, file] = await Promise.all([realpath(dataDir), realpath(join(dataDir, name))]);
      if (!isInside(folder, file)) throw outside(name);
      if (!(await stat(file)).isFile()) throw new NonRetryableError(`\`${name}\` is not a file.`);
      await access(file, constants.R_OK);
      return file;
    } catch (error) {
      if (!isMissing(error)) throw error;
      throw new NonRetryableError(`There is no \`${name}\` in the data folder. ${hint}`, { cause: error });
    }
  });
}

/** Runs what reads a data file; errors of the file system name the file as the payload does. */
export async function reading<Value>(name: string, read: () => Promise<Value>): Promise<Value> {
  try {
    return await read();
  } catch (error) {
    throw fileFailure(error, `The runner cannot read \`${name}\` in the data folder`);
  }
}

export interface WriteOptions {
  /** Whether a file of that name is replaced. */
  readonly overwrite: boolean;
}

/**
 * Writes a file that a payload names, relative to the data folder, making the folders on its way. A reader
 * sees the whole file or none of it. A file that exists is left alone unless `overwrite` is set; one with the
 * same content counts as written, so that a task whose report was lost can run again.
 *
 * @throws NonRetryableError where the file exists or cannot be written, or lies outside the data folder.
 */
export async function writeDataFile(
  dataDir: string,
  name: string,
  content: Uint8Array,
  { overwrite }: WriteOptions,
): Promise<void> {
  refuseOutside(name);
  const target = join(dataDir, name);
  try {
    await mkdir(dataDir, { recursive: true });
    await makeFolderInside(await realpath(dataDir), dirname(target), name);
    if (overwrite) await writeWhole(target, content);
    else if (!(await writeNew(target, content)) && !(await holds(target, content))) throw exists(name);
  } catch (error) {
    throw fileFailure(error, `The runner cannot write \`${name}\` in the data folder`);
  }
}

/** Writes a file under another name beside it, then renames: a reader never sees a part. */
export async function writeWhole(
  target: string,
  content: Uint8Array | AsyncIterable<Uint8Array>,
): Promise<void> {
  await withPartial(target, content, (partial) => rename(partial, target));
}

/** Like {@link writeWhole}, but false, and nothing written, where the name is taken. */
async function writeNew(target: string, content: Uint8Array): Promise<boolean> {
  try {
    // Unlike a rename, a link never replaces what is there.
    await withPartial(target, content, (partial) => link(partial, target));
    return true;
  } catch (error) {
    if (systemCodeOf(error) !== 'EEXIST') throw error;
    return false;
  }
}

async function withPartial(
  target: string,
  content: Uint8Array | AsyncIterable<Uint8Array>,
  publish: (partial: string) => Promise<void>,
): Promise<void> {
  const partial = join(dirname(target), `.${randomUUID()}.partial`);
  try {
    await writeFile(partial, content);
    await publish(partial);
  } finally {
    await rm(partial, { force: true });
  }
}

/** Whether a path is a file, not a link to one, with this content. */
async function holds(target: string, content: Uint8Array): Promise<boolean> {
  const found = await lstat(target);
  return found.isFile() && found.size === content.length && (await readFile(target)).equals(content);
}

/** The nearest folder that exists is checked before any is made, so a link leads nothing outside. */
async function makeFolderInside(root: string, folder: string, name: string): Promise<void> {
  let existing: string;
  try {
    existing = await realpath(folder);
  } catch (error) {
    if (!isMissing(error)) throw error;
    await makeFolderInside(root, dirname(folder), name);
    await mkdir(folder, { recursive: true });
    return;
  }
  if (existing !== root && !isInside(root, existing)) throw outside(name);
}

function refuseOutside(name: string): void {
  if (name.includes('\0') || isAbsolute(name) || name.split(/[\\/]/).includes('..')) throw outside(name);
}

function isInside(folder: string, file: string): boolean {
  const path = relative(folder, file);
  return path !== '' && path !== '..' && !path.startsWith(`..${sep}`) && !isAbsolute(path);
}

function outside(name: string): NonRetryableError {
  return new NonRetryableError(
    `\`${name}\` leads outside the data folder; name a file within it, by a relative path without \`..\`.`,
  );
}

function exists(name: string): NonRetryableError {
  return new NonRetryableError(
    `\`${name}\` exists in the data folder already; name another file, or give \`overwrite: true\` to replace it.`,
  );
}

function isMissing(error: unknown): boolean {
  const code = systemCodeOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}
