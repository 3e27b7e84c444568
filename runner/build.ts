/**
 * Builds what the package gives to others, into `dist/`: JavaScript with its declarations, since Node runs no
 * TypeScript below `node_modules`.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const DIST = join(ROOT, 'dist');
const TEMPLATES = join('runner', 'tasks', 'email-templates');

// A file of before would be loaded as a task type.
rmSync(DIST, { recursive: true, force: true });
const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
const { status } = spawnSync(
  process.execPath,
  [compiler, '--project', join(import.meta.dirname, 'tsconfig.build.json')],
  {
    stdio: 'inherit',
  },
);
if (status !== 0) process.exit(status ?? 1);
cpSync(join(ROOT, TEMPLATES), join(DIST, TEMPLATES), { recursive: true });
chmodSync(join(DIST, 'runner', 'bin.js'), 0o755);
