/**
 * Runs the build after an installation. Without the development packages (`npm ci --omit=dev`) nothing is built:
 * a runner runs from its source, a worker has no pages to serve, and there are no files for other packages.
 */
import { spawnSync } from 'node:child_process';

if (process.env.npm_config_omit?.split(/\s+/).includes('dev')) {
  console.log('Nothing is built without the development packages; a runner runs from its source.');
} else {
  process.exitCode = spawnSync('npm', ['run', 'build'], { stdio: 'inherit' }).status ?? 1;
}
