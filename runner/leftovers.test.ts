import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type LocalProcess, preparePlace, startLocal } from './testing/local-system.ts';

const NPM_START = ['npm', 'start', '--', '--threads', '1'] as const;
const RUNS = 'Press Ctrl+C to stop';
/** `script` of util-linux makes a terminal. */
const onlyLinux = process.platform === 'linux' ? false : 'the command `script` differs';

test('npm start that is killed leaves nothing behind', async (t) => {
  const { env } = await preparePlace(t);
  const system = startLocal(t, NPM_START, env);
  await system.saysReady(RUNS);
  assert.ok(system.tree().some(({ command }) => command.includes('workerd')));
  process.kill(system.find(/^npm start/), 'SIGKILL');
  await system.leavesNothing();
});

test('a terminal that closes ends npm start', { skip: onlyLinux }, async (t) => {
  const { env } = await preparePlace(t);
  const system = startLocal(t, ['script', '-qfec', NPM_START.join(' '), '/dev/null'], env);
  await system.saysReady(RUNS);
  system.process.kill('SIGKILL');
  await system.leavesNothing();
});

test('of an edge nothing is left behind when its script or the process that runs its workers is killed', async (t) => {
  for (const index of [0, 1] as const) {
    const { env } = await preparePlace(t);
    const edge = startLocal(t, ['node', 'edge/dev.ts'], env);
    await edge.saysReady('Edge ready');
    process.kill(scriptsOf(edge)[index], 'SIGKILL');
    await edge.leavesNothing();
  }
});

/** The two processes of `edge/dev.ts`, the one that was started first. */
function scriptsOf(edge: LocalProcess): [number, number] {
  const [first, second] = edge.tree().filter(({ command }) => /\bedge\/dev\.ts$/.test(command));
  assert.ok(first && second);
  return [first.pid, second.pid];
}
