import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { lockFile } from './file-lock.ts';

test('a held lock is refused, even within one process, and granted after its release', async (t) => {
  const path = await prepare(t);
  const lock = lockFile(path);
  assert.ok(lock);
  assert.equal(lockFile(path), undefined);
  lock.release();
  const again = lockFile(path);
  assert.ok(again);
  again.release();
});

test('a lock stays held when the caller keeps no reference to it', { timeout: 30_000 }, async (t) => {
  const path = await prepare(t);
  const child = await startHolder(t, path);
  child.stdin.write('collect\n');
  await once(child.stdout, 'data');
  assert.equal(lockFile(path), undefined);
});

test('a lock is released when its process is killed', async (t) => {
  const path = await prepare(t);
  const child = await startHolder(t, path);
  assert.equal(lockFile(path), undefined);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const lock = lockFile(path);
  assert.ok(lock);
  lock.release();
});

async function prepare(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'task-queue-lock-'));
  t.after(() => rm(folder, { recursive: true }));
  return join(folder, 'lock');
}

/** Starts a process that takes the lock, drops its reference, and collects garbage on request. */
async function startHolder(t: TestContext, path: string) {
  const source = `
    import { lockFile } from ${JSON.stringify(join(import.meta.dirname, 'file-lock.ts'))};
    console.log(lockFile(${JSON.stringify(path)}) !== undefined);
    process.stdin.on('data', () => {
      for (let round = 0; round < 10; round += 1) gc();
      console.log('collected');
    });`;
  const args = ['--expose-gc', '--input-type=module', '--eval', source];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  const [taken] = await once(child.stdout, 'data');
  assert.equal(String(taken).trim(), 'true');
  return child;
}
