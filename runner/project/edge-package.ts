import { createRequire } from 'node:module';
import { join } from 'node:path';

/**
 * A script of the workers' package, which a project installs beside the runner.
 *
 * @throws {Error} that says how to install it.
 */
export function edgeScript(name: 'dev' | 'deploy'): string {
  const require = createRequire(join(process.cwd(), 'package.json'));
  try {
    return require.resolve(`@edge-task-queue/edge/${name}`);
  } catch (cause) {
    throw new Error(
      'The package of the workers, @edge-task-queue/edge, is not installed in this project. Pack it in the ' +
        'folder of edge-task-queue with `npm pack --workspace edge`, then run ' +
        '`npm install --save-dev PATH_TO_THE_PACKED_FILE` here.',
      { cause },
    );
  }
}
