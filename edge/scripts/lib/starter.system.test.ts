import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '../../testing/wait-for.ts';

const WATCH = join(import.meta.dirname, 'testing/starter-watch.ts');
/** The `; true` keeps the shells from replacing themselves with their commands. */
const IN_SHELL = '"$NODE" "$WATCH"; true';
const onlyLinux = process.platform === 'linux' ? false : 'only Linux shows the parent of another process';

for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
  test(`a process below npm's shell notices the end of npm by ${signal}`, { skip: onlyLinux }, async (t) => {
    const npm = start(t, ['-c', `sh -c '${IN_SHELL}'; true`], { npm_lifecycle_event: 'start' });
    await waitFor('the start', () => npm.output().includes('pid:'));
    npm.process.kill(signal);
    await waitFor('the notice', () => npm.output().includes('ended: npm'));
  });
}

test('a process does not end with its shell if npm did not start the shell', async (t) => {
  const shell = start(t, ['-c', IN_SHELL], {});
  await waitFor('the start', () => shell.output().includes('pid:'));
  shell.process.kill('SIGKILL');
  await sleep(1500);
  assert.doesNotMatch(shell.output(), /ended/);
});

test('a process notices the end of its script by the IPC channel', async (t) => {
  const source = `
    const { spawn } = require('node:child_process');
    spawn(process.execPath, [process.env.WATCH], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });`;
  const script = start(t, ['--eval', source], {}, process.execPath);
  await waitFor('the start', () => script.output().includes('pid:'));
  script.process.kill('SIGKILL');
  await waitFor('the notice', () => script.output().includes('ended: script'));
});

/** Starts a shell or another program that starts the watch. The watch ends with the test. */
function start(t: TestContext, args: readonly string[], env: Record<string, string>, program = 'sh') {
  const child: ChildProcess = spawn(program, args, {
    env: { PATH: process.env.PATH, NODE: process.execPath, WATCH, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  t.after(() => {
    child.kill('SIGKILL');
    const [, pid] = /pid: (\d+)/.exec(output) ?? [];
    if (pid !== undefined && !output.includes('ended')) process.kill(Number(pid), 'SIGKILL');
  });
  return { process: child, output: () => output };
}
