import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { buildFolder } from './build-folder.ts';

test('a folder is built again only if a source or the folder itself has changed', async (t) => {
  const { folder, source, build } = await prepare(t);
  assert.equal(await build(), true);
  assert.equal(await build(), false);
  await writeFile(source, 'changed');
  assert.equal(await build(), true);
  assert.equal(await readFile(join(folder, 'built'), 'utf8'), 'changed');
  await rm(join(folder, 'built'));
  assert.equal(await build(), true);
  assert.equal(await build(), false);
});

test('the folder contains the last build until the new one is complete, and no temporary files remain', async (t) => {
  const { root, folder, source, build } = await prepare(t);
  await build();
  await writeFile(source, 'changed');
  const during: string[] = [];
  await build(async () => {
    during.push(await readFile(join(folder, 'built'), 'utf8'));
  });
  assert.deepEqual(during, ['first']);
  assert.deepEqual((await readdir(root)).toSorted(), ['out', 'out.hash', 'out.lock', 'source']);
});

test('a failed build changes nothing', async (t) => {
  const { folder, source, build } = await prepare(t);
  await build();
  await writeFile(source, 'changed');
  await assert.rejects(
    build(() => Promise.reject(new Error('wrong source'))),
    /wrong source/,
  );
  assert.equal(await readFile(join(folder, 'built'), 'utf8'), 'first');
  assert.equal(await build(), true);
});

test('a killed build leaves the last one, and the next build does not wait', async (t) => {
  const { root, folder, source, build } = await prepare(t);
  await build();
  await writeFile(source, 'changed');
  const { child } = await startHanging(t, folder, source);
  assert.equal(await readFile(join(folder, 'built'), 'utf8'), 'first');
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.equal(await readFile(join(folder, 'built'), 'utf8'), 'first');
  assert.equal(await build(), true);
  assert.equal(await readFile(join(folder, 'built'), 'utf8'), 'changed');
  assert.deepEqual((await readdir(root)).toSorted(), ['out', 'out.hash', 'out.lock', 'source']);
});

test('the second of two concurrent builds waits and then has nothing to do', async (t) => {
  const { folder, source } = await prepare(t);
  const first = await startHanging(t, folder, source);
  const second = await startHanging(t, folder, source, 'Another build runs in this folder');
  first.child.stdin?.end();
  assert.equal(await first.lastLine, 'built');
  assert.equal(await second.lastLine, 'up to date');
  assert.equal(await readFile(join(folder, 'built'), 'utf8'), 'first');
});

async function prepare(t: TestContext) {
  const root = await mkdtemp(join(tmpdir(), 'task-queue-build-'));
  t.after(() => rm(root, { recursive: true }));
  const [folder, source] = [join(root, 'out'), join(root, 'source')];
  await writeFile(source, 'first');
  const build = (meanwhile?: () => Promise<void>) =>
    buildFolder(
      folder,
      async (target) => {
        await cp(source, join(target, 'built'), { recursive: true });
        await meanwhile?.();
      },
      [source],
    );
  return { root, folder, source, build };
}

/** Starts a build in another process. When it is half done, it waits for the end of its input. */
async function startHanging(t: TestContext, folder: string, source: string, until = 'half done') {
  const script = join(import.meta.dirname, 'testing/hanging-build.ts');
  const child: ChildProcess = spawn(process.execPath, [script, folder, source], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  assert.ok(child.stdout);
  const lines: string[] = [];
  const reached = Promise.withResolvers<void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    if (line.startsWith(until)) reached.resolve();
  });
  const lastLine = once(child, 'close').then(() => lines.at(-1));
  await reached.promise;
  return { child, lastLine };
}
