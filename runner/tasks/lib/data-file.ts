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
 * Returns the real path of a file that a payload names relative to the data folder.
 *
 * @param hint - a sentence that explains what to do if the file is missing.
 * @throws NonRetryableError if the file is missing, cannot be read or is outside the data folder.
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

/** Runs a function that reads a data file. Errors of the file system contain the name in the payload. */
export async function reading<Value>(name: string, read: () => Promise<Value>): Promise<Value> {
  try {
    return await read();
  } catch (error) {
    throw fileFailure(error, `The runner cannot read \`${name}\` in the data folder`);
  }
}

export interface WriteOptions {
  /** Whether to replace an existing file. */
  readonly overwrite: boolean;
}

/**
 * Writes a file that a payload names relative to the data folder, and creates missing folders. A reader sees
 * the whole file or none of it. An existing file is replaced only if `overwrite` is set. A file with the same
 * content counts as written, so a task whose report was lost can run again.
 *
 * @throws NonRetryableError if the file exists, cannot be written or is outside the data folder.
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

/** Writes a file under another name in the same folder, then renames it. No reader sees a partial file. */
export async function writeWhole(
  target: string,
  content: Uint8Array | AsyncIterable<Uint8Array>,
): Promise<void> {
  await withPartial(target, content, (partial) => rename(partial, target));
}

/** Like {@link writeWhole}, but writes nothing and returns false if the name is taken. */
async function writeNew(target: string, content: Uint8Array): Promise<boolean> {
  try {
    // Unlike a rename, a link never replaces an existing file.
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

/** Whether the path is a file with this content. A link to such a file does not count. */
async function holds(target: string, content: Uint8Array): Promise<boolean> {
  const found = await lstat(target);
  return found.isFile() && found.size === content.length && (await readFile(target)).equals(content);
}

/** Checks the nearest existing folder before it creates any, so a link cannot lead outside. */
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
    `\`${name}\` leads outside the data folder; name a file within it by a relative path without \`..\`.`,
  );
}

function exists(name: string): NonRetryableError {
  return new NonRetryableError(
    `\`${name}\` already exists in the data folder; name another file, or set \`overwrite: true\` to replace it.`,
  );
}

function isMissing(error: unknown): boolean {
  const code = systemCodeOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}
