import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

test('the error for a port in use names the port and the variable that sets it', async (t) => {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => server.close());
  const stateDir = await mkdtemp(join(tmpdir(), 'task-queue-dev-'));
  t.after(() => rm(stateDir, { recursive: true }));
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const started = promisify(execFile)(process.execPath, [join(import.meta.dirname, 'dev.ts')], {
    env: { ...process.env, API_PORT: String(address.port), STATE_DIR: stateDir },
  });
  await assert.rejects(started, ({ code, stderr }: { code: number; stderr: string }) => {
    assert.equal(code, 1);
    assert.match(
      stderr,
      new RegExp(`API Worker cannot use port ${address.port}.*Set API_PORT to a free port`),
    );
    return true;
  });
});

test('the same port for both workers is refused before anything is started', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'task-queue-dev-'));
  t.after(() => rm(folder, { recursive: true }));
  const stateDir = join(folder, 'state');
  const started = promisify(execFile)(process.execPath, [join(import.meta.dirname, 'dev.ts')], {
    env: { ...process.env, API_PORT: '9911', BUFFER_PORT: '9911', STATE_DIR: stateDir },
    timeout: 20_000,
  });
  await assert.rejects(started, ({ code, stderr }: { code: number; stderr: string }) => {
    assert.equal(code, 1);
    assert.match(stderr, /^Both workers would use port 9911/);
    return true;
  });
  assert.ok(!existsSync(stateDir));
});
