import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { build } from 'esbuild';

const run = promisify(execFile);
const ROOT = resolve(import.meta.dirname, '..');
const PACKAGE = ['package.json', 'dist'];

let project: string;
before(async () => {
  project = await mkdtemp(join(tmpdir(), 'task-queue-package-'));
  const modules = join(project, 'node_modules');
  const own = join(modules, 'edge-task-queue');
  await mkdir(own, { recursive: true });
  await Promise.all([
    ...PACKAGE.map((name) => cp(join(ROOT, name), join(own, name), { recursive: true })),
    ...(await readdir(join(ROOT, 'node_modules'))).map((name) =>
      symlink(join(ROOT, 'node_modules', name), join(modules, name)),
    ),
    writeFile(join(project, 'package.json'), '{"type":"module"}'),
  ]);
});
after(() => rm(project, { recursive: true }));

/** Runs a module of the project, and resolves to what it prints. */
async function runModule(name: string, code: string, args: readonly string[] = []): Promise<string> {
  await writeFile(join(project, name), code);
  return (await run(process.execPath, [name, ...args], { cwd: project })).stdout;
}

test('another project imports the definitions and the client', async () => {
  const code = `
    import { defineTask, NonRetryableError } from 'edge-task-queue';
    import { TaskQueue, TaskQueueError } from 'edge-task-queue/client';
    console.log(typeof defineTask, NonRetryableError.name, TaskQueue.name, TaskQueueError.name);`;
  assert.equal(await runModule('use.js', code), 'function NonRetryableError TaskQueue TaskQueueError\n');
});

test('its command runs from below node_modules, with the task types of the project', async () => {
  const command = join(project, 'node_modules', 'edge-task-queue', 'dist', 'runner', 'bin.js');
  const { stdout: help } = await run(process.execPath, [command, '--help']);
  for (const part of ['runner submit', '--threads']) assert.ok(help.includes(part), help);
  const tasks = join(project, 'tasks');
  await mkdir(tasks);
  // The second of them names what is wrong with it: so both were loaded.
  const task = (type: string) => `
    import { defineTask } from 'edge-task-queue';
    import { z } from 'zod';
    export default defineTask({ type: '${type}', lane: 'io', payload: z.object({}), run: (): number => 1 });`;
  await Promise.all([
    writeFile(join(tasks, 'one.ts'), task('same')),
    writeFile(join(tasks, 'two.ts'), task('same')),
  ]);
  await assert.rejects(run(process.execPath, [command, '--tasks', tasks, '--once'], { cwd: project }), {
    code: 1,
    stderr: /^The task type "same" is declared by .*one\.ts and .*two\.ts: rename one of them$/m,
  });
});

test('a browser takes the client: nothing of Node, and no more of its libraries than it uses', async () => {
  const entry = join(project, 'browser.js');
  await writeFile(entry, `export { TaskQueue } from 'edge-task-queue/client';`);
  const { outputFiles, metafile } = await build({
    entryPoints: [entry],
    bundle: true,
    platform: 'browser',
    format: 'esm',
    minify: true,
    write: false,
    metafile: true,
    outdir: project,
  });
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  assert.deepEqual(imports, []);
  const kilobytes = (outputFiles[0]?.contents.length ?? 0) / 1024;
  assert.ok(kilobytes > 10 && kilobytes < 200, `${kilobytes} KB`);
});
