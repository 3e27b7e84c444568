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
    const install = 'npm install --save-dev @edge-task-queue/edge';
    throw new Error(
      `The package of the workers is not installed in this project. Install it with \`${install}\`.`,
      { cause },
    );
  }
}
