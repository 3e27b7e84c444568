/**
 * Builds what is built, after an installation. Without what only building needs (`npm ci --omit=dev`) a runner
 * runs from its source; there are then no pages for a worker to serve, and nothing for another package.
 */
import { spawnSync } from 'node:child_process';

if (process.env.npm_config_omit?.split(/\s+/).includes('dev')) {
  console.log('Nothing is built without the development packages; a runner runs from its source.');
} else {
  process.exitCode = spawnSync('npm', ['run', 'build'], { stdio: 'inherit' }).status ?? 1;
}
