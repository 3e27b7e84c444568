/**
 * Builds the published files of each package into its `dist/`: JavaScript with declarations, because Node does
 * not run TypeScript below `node_modules`.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildFolder } from '../../edge/scripts/lib/build-folder.ts';
import { workerConfig } from '../../edge/scripts/worker-config.ts';

const ROOT = join(import.meta.dirname, '../..');
const COMPILER = join(ROOT, 'node_modules/typescript/bin/tsc');
/** Folders that are copied as they are. */
const TEMPLATES = ['runner/tasks/email-templates', 'runner/project/template'];
const PAGES = 'edge/dashboard/dist';

/** Builds the files of each package that are not compiled. */
const FINISH: Record<string, (target: string) => void> = {
  client: () => {},
  runner(target) {
    for (const path of TEMPLATES) cpSync(join(ROOT, path), join(target, path), { recursive: true });
    chmodSync(join(target, 'runner/bin.js'), 0o755);
  },
  edge(target) {
    for (const worker of ['api', 'buffer'] as const) {
      const config = workerConfig(worker);
      // The source configuration has absolute paths.
      const own = { main: 'worker.js', assets: { ...config.assets, directory: '../dashboard/dist' } };
      const text = JSON.stringify({ ...config, ...own }, null, 2);
      writeFileSync(join(target, 'edge', worker, 'wrangler.jsonc'), text);
    }
    const pages = join(ROOT, PAGES);
    if (existsSync(pages)) cpSync(pages, join(target, PAGES), { recursive: true });
  },
};

for (const [name, finish] of Object.entries(FINISH)) {
  const project = join(ROOT, name, 'tsconfig.build.json');
  const built = await buildFolder(join(ROOT, name, 'dist'), (target) => {
    const { status } = spawnSync(process.execPath, [COMPILER, '--project', project, '--outDir', target], {
      stdio: 'inherit',
    });
    if (status !== 0) process.exit(status ?? 1);
    finish(target);
  });
  console.log(built ? `${name}/dist is built` : `${name}/dist is up to date`);
}
