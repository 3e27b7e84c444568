/**
 * Builds what the package gives to others, into `dist/`: JavaScript with its declarations, since Node runs no
 * TypeScript below `node_modules`.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync } from 'node:fs';
import { join } from 'node:path';
import { buildFolder } from '../../edge/scripts/lib/build-folder.ts';

const ROOT = join(import.meta.dirname, '../..');
const DIST = join(ROOT, 'dist');
const TEMPLATES = join('runner', 'tasks', 'email-templates');

const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
const project = join(import.meta.dirname, '../tsconfig.build.json');

const built = await buildFolder(DIST, (target) => {
  const args = [compiler, '--project', project, '--outDir', target];
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
  cpSync(join(ROOT, TEMPLATES), join(target, TEMPLATES), { recursive: true });
  chmodSync(join(target, 'runner', 'bin.js'), 0o755);
});
if (!built) console.log('The package is up to date');
