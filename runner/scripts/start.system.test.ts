import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../edge/scripts/lib/local-edge.ts';
import { startScript } from '../../edge/scripts/lib/script.ts';

test('one command starts everything, and one SIGINT ends everything, the runner first', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'task-queue-start-'));
  t.after(() => rm(folder, { recursive: true }));
  const [api, buffer] = [await freePort(), await freePort()];
  const log = join(folder, 'log');
  const started = await startScript('runner/scripts/start.ts', {
    args: ['--threads', '1'],
    env: {
      API_PORT: String(api),
      BUFFER_PORT: String(buffer),
      STATE_DIR: join(folder, 'state'),
      DATA_DIR: join(folder, 'data'),
    },
    output: { file: log },
  });
  while (!(await readFile(log, 'utf8')).includes('Press Ctrl+C to stop')) {
    assert.equal(started.process.exitCode, null, await readFile(log, 'utf8'));
    await sleep(100);
  }
  assert.match(await readFile(log, 'utf8'), new RegExp(`^Dashboard: http://localhost:${api} `, 'm'));
  assert.match(await readFile(join(folder, 'data', 'large_dataset.csv'), 'utf8'), /^timestamp,/);
  await writeFile(join(folder, 'state', 'pages', 'index.html'), 'the copy');
  const page = await fetch(`http://127.0.0.1:${api}/`);
  assert.equal(await page.text(), 'the copy', 'a build does not change what running workers serve');

  assert.equal(await started.stop('SIGINT'), 0);
  assert.match(await readFile(log, 'utf8'), /Task Consumer stopped\n$/);
  await assert.rejects(fetch(`http://127.0.0.1:${api}/health`));
  await assert.rejects(fetch(`http://127.0.0.1:${buffer}/health`));
});

test('the demo exits with 0 because each of its tasks ended as expected', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'task-queue-demo-test-'));
  t.after(() => rm(folder, { recursive: true }));
  const log = join(folder, 'log');
  const demo = await startScript('runner/scripts/demo.ts', { output: { file: log } });
  assert.equal(await demo.ended, 0, await readFile(log, 'utf8'));
  assert.match(await readFile(log, 'utf8'), /200 completed/);
});

test('a missing tasks folder is refused before the workers start', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'task-queue-start-'));
  t.after(() => rm(folder, { recursive: true }));
  const absent = join(folder, 'absent');
  for (const [file, args, variables] of [
    ['runner/scripts/start.ts', ['--tasks', absent], {}],
    ['runner/scripts/start.ts', [], { TASKS_DIR: absent }],
    ['runner/cli.ts', ['dev', '--tasks', absent], {}],
  ] as const) {
    const log = join(folder, 'log');
    const env = { STATE_DIR: join(folder, 'state'), DATA_DIR: join(folder, 'data'), ...variables };
    const started = await startScript(file, { args, env, output: { file: log } });
    assert.equal(await started.ended, 1);
    assert.match(
      await readFile(log, 'utf8'),
      new RegExp(`^The tasks folder ${absent} cannot be read: .*; create it, or correct --tasks`),
    );
    assert.deepEqual(await readdir(folder), ['log']);
    await rm(log);
  }
});
