/** Tests the packages as users get them: packed, and installed into empty folders outside this project. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { freePort } from '../../edge/scripts/lib/local-edge.ts';
import { listProcesses } from '../../edge/scripts/lib/process-table.ts';
import { waitFor } from '../../edge/testing/wait-for.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');
const PACKAGES = ['client', 'runner', 'edge'] as const;
const TIMEOUT_MS = 60_000;
type Package = (typeof PACKAGES)[number];

let folder: string;
const tarballs = new Map<Package, string>();

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'task-queue-packages-'));
  await run('npm', ['run', 'build'], { cwd: ROOT });
  for (const name of PACKAGES) {
    const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], {
      cwd: join(ROOT, name),
    });
    tarballs.set(name, join(folder, JSON.parse(stdout)[0].filename));
  }
});
after(() => rm(folder, { recursive: true, force: true }));

/** An empty project with some of the packages. */
async function projectWith(name: string, packages: readonly Package[]): Promise<string> {
  const project = join(folder, name);
  await mkdir(project);
  await writeFile(join(project, 'package.json'), '{"private":true,"type":"module"}');
  const files = packages.map((one) => tarballs.get(one) ?? '');
  await run('npm', ['install', '--no-audit', '--no-fund', ...files], { cwd: project });
  return project;
}

async function sizeOf(path: string): Promise<number> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map(async (entry) => (await stat(join(entry.parentPath, entry.name))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

async function installed(project: string): Promise<string[]> {
  const lock = JSON.parse(await readFile(join(project, 'node_modules/.package-lock.json'), 'utf8'));
  return Object.keys(lock.packages).map((path) => path.replace(/^.*node_modules\//, ''));
}

describe('a project with the client', () => {
  let project: string;
  before(async () => {
    project = await projectWith('client-project', ['client']);
  });

  test('installs fewer than 15 packages with less than 10 MB', async () => {
    const names = await installed(project);
    assert.ok(names.length < 15, names.join(', '));
    const bytes = await sizeOf(join(project, 'node_modules'));
    assert.ok(bytes < 10e6, `${bytes} bytes`);
  });

  test('imports it', async () => {
    const code = `
      import { TaskQueue, TaskQueueError } from '@edge-task-queue/client';
      console.log(TaskQueue.name, TaskQueueError.name);`;
    await writeFile(join(project, 'use.js'), code);
    const { stdout } = await run(process.execPath, ['use.js'], { cwd: project });
    assert.equal(stdout, 'TaskQueue TaskQueueError\n');
  });

  test('bundles it for a browser without Node modules and without unused library code', async () => {
    const entry = join(project, 'browser.js');
    await writeFile(entry, `export { TaskQueue } from '@edge-task-queue/client';`);
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
});

describe('a project with the runner', () => {
  let project: string;
  before(async () => {
    project = await projectWith('runner-project', ['runner']);
  });

  test('has no wrangler', async () => {
    const names = await installed(project);
    assert.ok(!names.some((name) => /^(wrangler|workerd|miniflare)/.test(name)), names.join(', '));
  });

  test('runs its command with the task types of the project', async () => {
    const { stdout: help } = await run('npx', ['runner', '--help'], { cwd: project });
    for (const part of ['runner submit', '--threads']) assert.ok(help.includes(part), help);
    const tasks = join(project, 'tasks');
    await mkdir(tasks);
    // The error about the second file shows that both files were loaded.
    const task = (type: string) => `
      import { defineTask } from '@edge-task-queue/runner';
      import { z } from 'zod';
      export default defineTask({ type: '${type}', lane: 'io', payload: z.object({}), run: (): number => 1 });`;
    await writeFile(join(tasks, 'one.ts'), task('same'));
    await writeFile(join(tasks, 'two.ts'), task('same'));
    await assert.rejects(run('npx', ['runner', '--tasks', 'tasks', '--once'], { cwd: project }), {
      code: 1,
      stderr: /^The task type "same" is declared by .*one\.ts and .*two\.ts: rename one of them$/m,
    });
  });
});

describe('a project that `runner init` has set up', () => {
  let project: string;
  const npx = (...args: string[]) => run('npx', args, { cwd: project });
  before(async () => {
    project = await projectWith('init-project', ['runner', 'edge']);
    await npx('runner', 'init');
  });

  test('has a task type whose tests pass', async () => {
    // Otherwise these tests would report to this test.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const { stdout } = await run('npm', ['test'], { cwd: project, env });
    assert.match(stdout, /^ℹ pass 2$/m);
  });

  test('keeps existing files when `runner init` runs again', async () => {
    const file = join(project, 'README.md');
    await writeFile(file, 'Mine');
    await npx('runner', 'init');
    assert.equal(await readFile(file, 'utf8'), 'Mine');
    const { scripts, type } = JSON.parse(await readFile(join(project, 'package.json'), 'utf8'));
    assert.deepEqual([type, scripts.dev], ['module', 'runner dev --tasks tasks']);
  });

  test('runs a task without the edge', async () => {
    const done = await npx('runner', 'run', 'word-count', '--payload', '{"text":"to be"}');
    assert.equal(done.stdout, '{"words":2}\n');
    await assert.rejects(npx('runner', 'run', 'word-count', '--payload', '{"text":""}'), {
      code: 2,
      stderr: /^task_error: Nothing to count \(not retried\)$/m,
    });
  });

  test('checks the workers in a dry run of the deployment', async () => {
    const { stdout } = await npx('runner', 'deploy', '--dry-run');
    assert.equal(stdout.match(/--dry-run: exiting now/g)?.length, 2, stdout);
  });

  test('runs everything, restarts on changes, replays a task, and leaves nothing behind', async (t) => {
    const [api, buffer] = [await freePort(), await freePort()];
    const at = ['--api-url', `http://localhost:${api}`];
    const ports = ['--port', String(api), '--queue-port', String(buffer)];
    const dev = spawn('npx', ['runner', 'dev', ...ports], {
      cwd: project,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.after(() => dev.kill('SIGKILL'));
    let output = '';
    dev.stdout.on('data', (text) => {
      output += text;
    });
    const starts = () => output.match(/Task Consumer started/g)?.length ?? 0;
    await waitFor('the runner', () => starts() === 1, TIMEOUT_MS);

    const submit = ['runner', 'submit', 'word-count', '--payload', '{"text":"to be"}', '--wait', ...at];
    assert.match((await npx(...submit)).stdout, /^result +\{"words":2\}$/m);
    assert.match(await (await fetch(`http://localhost:${api}/`)).text(), /<!doctype html>/i);

    const file = join(project, 'tasks', 'word-count.ts');
    await writeFile(
      file,
      (await readFile(file, 'utf8')).replace('return { words }', 'return { count: words }'),
    );
    await waitFor('the runner with the change', () => starts() === 2, TIMEOUT_MS);
    const { stdout } = await npx(...submit);
    assert.match(stdout, /^result +\{"count":2\}$/m);
    const replayed = await npx('runner', 'replay', stdout.split('\n')[0] ?? '', ...at);
    assert.equal(replayed.stdout, '{"count":2}\n');

    dev.kill('SIGTERM');
    await once(dev, 'exit');
    await waitFor(
      'the end of all processes',
      async () => !(await listProcesses()).some(({ command }) => command.includes(project)),
      TIMEOUT_MS,
    );
  });
});
