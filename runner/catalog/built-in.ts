import { extname, join } from 'node:path';

/** The task types that come with the runner. `tasks/` has a file of the same name for each. */
export const BUILT_IN_TYPES = ['email', 'heavy', 'image', 'test', 'test-cpu'] as const;
export type BuiltInType = (typeof BUILT_IN_TYPES)[number];

/** The files of some built-in task types. */
export function builtInFiles(types: readonly BuiltInType[]): string[] {
  const extension = extname(import.meta.filename);
  return types.map((type) => join(import.meta.dirname, '../tasks', `${type}${extension}`));
}
