import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import { temporaryFolder } from '../tasks/testing/context.ts';

const HEAD = `
import { defineTask } from '${pathToFileURL(join(import.meta.dirname, '../task.ts')).href}';
import { z } from '${import.meta.resolve('zod')}';
`;

/** Returns the source of a task file that declares `type`. The source `extra` adds or replaces settings. */
export function taskSource(type: string, extra = ''): string {
  return `${HEAD}export default defineTask({
    type: '${type}', lane: 'cpu', payload: z.object({}), run: () => 'ran', ${extra}
  });`;
}

/** Creates a folder with these files. It is removed when the test ends. */
export async function taskFolder(test: TestContext, files: Record<string, string>): Promise<string> {
  const folder = await temporaryFolder(test);
  for (const [name, source] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), source);
  }
  return folder;
}
