import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { test } from 'node:test';
import { waitFor } from '../../../edge/testing/wait-for.ts';
import { openActions } from '../../testing/lanes/open-actions.ts';
import { longestBlockMs } from '../../testing/longest-block.ts';
import { ThreadChildren } from './thread-children.ts';

const LINUX = process.platform === 'linux';

const SOURCE = `
import { ChildProcess, spawn } from 'node:child_process';
import { channel } from 'node:diagnostics_channel';
const actions = {
  forge: async ({ count, pid }, { progress }) => {
    for (let index = 0; index < count; index += 1) {
      const process = Object.assign(Object.create(ChildProcess.prototype), { pid: pid + index, once() {} });
      channel('tracing:child_process.spawn:end').publish({ process });
    }
    await null;
    progress('named');
    return new Promise(() => {});
  },
  spawn: ({ count }) => {
    for (let index = 0; index < count; index += 1) spawn('sleep', ['61'], { stdio: 'ignore' });
    for (;;);
  },
};`;

test('of children that a thread only names few are recorded, and the real one among them ends', {
  skip: !LINUX,
}, async (t) => {
  const real = spawn('sleep', ['60']);
  t.after(() => real.kill());
  const children = new ThreadChildren();
  const name = (pid: number) => children.take({ kind: 'child-started', pid, isLeader: false });
  for (let index = 0; index < 200; index += 1) name(1_000_000_000 + index);
  name(real.pid ?? 0);
  for (let index = 200; index < 10_000; index += 1) name(1_000_000_000 + index);
  assert.ok(children.end() < 256);
  assert.equal(real.signalCode, null);
  while (children.end() > 1);
  await waitFor('the child to end', () => real.signalCode === 'SIGKILL');
});

test('what a thread that has exited has left behind ends, however much it names', async (t) => {
  const real = spawn('sleep', ['60']);
  t.after(() => real.kill());
  const children = new ThreadChildren();
  for (let index = 0; index < 250; index += 1) {
    children.take({ kind: 'child-started', pid: 1_000_000_000 + index, isLeader: false });
  }
  children.take({ kind: 'child-started', pid: real.pid ?? 0, isLeader: false });
  await children.endRest();
  await waitFor('the child to end', () => real.signalCode === 'SIGKILL');
});

test('a task that names thousands of children ends in time, and nobody waits for it', async (t) => {
  const { start, codeOf, lane, running } = await openActions(t, SOURCE);
  const blocked = await longestBlockMs(async () => {
    const held = start('forge', { count: 10_000, pid: 1_000_000_000 });
    await waitFor('all names', () => running.has(held.task.taskId));
    lane.cancel(held);
    assert.equal(await codeOf(held), 'cancelled');
  });
  assert.ok(blocked < 200, `${blocked} ms`);
});

test('hundreds of children end with their thread', { skip: !LINUX }, async (t) => {
  const { start, codeOf, lane } = await openActions(t, SOURCE);
  const held = start('spawn', { count: 150 });
  await waitFor('all to run', () => sleepers() === 150);
  lane.cancel(held);
  assert.equal(await codeOf(held), 'cancelled');
  await waitFor('all to end', () => sleepers() === 0);
});

/** How many programs that the tasks start still run. */
function sleepers(): number {
  const table = execFileSync('ps', ['-A', '-o', 'ppid=,stat=,args='], { encoding: 'utf8' });
  const isOurs = (line: string) => new RegExp(`^ *${process.pid} +[^Z]\\S* +sleep 61$`).test(line);
  return table.split('\n').filter(isOurs).length;
}
