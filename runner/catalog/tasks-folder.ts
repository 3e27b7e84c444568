import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

const SOURCE = /\.(?:ts|mts|js|mjs)$/;
const NOT_A_TASK = /\.(?:test|d)\.m?[tj]s$/;

/**
 * The task files in a folder.
 *
 * @throws {Error} if the folder cannot be read.
 */
export async function taskFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: Error) => {
    throw new Error(
      `The tasks folder ${folder} cannot be read: ${error.message}; create it, or correct --tasks (TASKS_DIR)`,
    );
  });
  return names
    .filter((name) => SOURCE.test(name) && !NOT_A_TASK.test(name))
    .map((name) => join(folder, name));
}
