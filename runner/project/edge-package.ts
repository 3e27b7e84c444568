import { createRequire } from 'node:module';
import { join } from 'node:path';

/**
 * Finds a script of the workers' package, which a project installs in addition to the runner.
 *
 * @throws {Error} that explains how to install the package.
 */
export function edgeScript(name: 'dev' | 'deploy'): string {
  const require = createRequire(join(process.cwd(), 'package.json'));
  try {
    return require.resolve(`@edge-task-queue/edge/${name}`);
  } catch (cause) {
    throw new Error(
      'The package of the workers, @edge-task-queue/edge, is not installed in this project. Run ' +
        '`npm pack --workspace edge` in the folder of edge-task-queue, then run ' +
        '`npm install --save-dev PATH_TO_THE_PACKED_FILE` here.',
      { cause },
    );
  }
}
