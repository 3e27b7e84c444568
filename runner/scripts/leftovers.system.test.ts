import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type LocalProcess, preparePlace, startLocal } from '../testing/local-system.ts';

const NPM_START = ['npm', 'start', '--', '--threads', '1'] as const;
const RUNS = 'Press Ctrl+C to stop';
/** `script` of util-linux creates a terminal. */
const onlyLinux = process.platform === 'linux' ? false : 'the command `script` differs';

test('a killed npm start leaves no process behind', async (t) => {
  const { env } = await preparePlace(t);
  const system = startLocal(t, NPM_START, env);
  await system.saysReady(RUNS);
  assert.ok(system.tree().some(({ command }) => command.includes('workerd')));
  process.kill(system.find(/^npm start/), 'SIGKILL');
  await system.leavesNothing();
});

test('closing the terminal ends npm start', { skip: onlyLinux }, async (t) => {
  const { env } = await preparePlace(t);
  const system = startLocal(t, ['script', '-qfec', NPM_START.join(' '), '/dev/null'], env);
  await system.saysReady(RUNS);
  system.process.kill('SIGKILL');
  await system.leavesNothing();
});

test('a second edge on a state folder is refused, or waits if the first one is ending', async (t) => {
  const { env, apiUrl } = await preparePlace(t);
  const first = startLocal(t, ['node', 'edge/scripts/dev.ts'], env);
  await first.saysReady('Edge ready');
  const [, holder] = scriptsOf(first);
  const elsewhere = { ...env, API_PORT: '1', BUFFER_PORT: '2' };
  const second = startLocal(t, ['node', 'edge/scripts/dev.ts'], elsewhere);
  assert.deepEqual(await second.ended, [1, null]);
  assert.match(second.output(), new RegExp(`The edge of process ${holder} uses the folder .*kill ${holder}`));
  const stats = await fetch(`${apiUrl}/stats`);
  assert.equal(stats.status, 200, 'the first still finds its ledger');

  first.process.kill('SIGKILL');
  const third = startLocal(t, ['node', 'edge/scripts/dev.ts'], env);
  await third.saysReady('Edge ready');
  await first.leavesNothing();
  process.kill(scriptsOf(third)[1], 'SIGKILL');
  await third.leavesNothing();
});

test('the error for a port that an earlier edge still uses names the processes', async (t) => {
  const { env } = await preparePlace(t);
  const first = startLocal(t, ['node', 'edge/scripts/dev.ts'], env);
  await first.saysReady('Edge ready');
  for (const pid of scriptsOf(first)) process.kill(pid, 'SIGKILL');
  const second = startLocal(t, ['node', 'edge/scripts/dev.ts'], env);
  assert.deepEqual(await second.ended, [1, null]);
  const [, command = ''] = /processes of an earlier run .*`kill -9 ([\d ]+)`/.exec(second.output()) ?? [];
  const named = command.split(' ').map(Number);
  const workers = first.tree().filter(({ command }) => command.includes('workerd'));
  assert.ok(workers.length > 0 && workers.every(({ pid }) => named.includes(pid)), second.output());
});

/** The two processes of `edge/scripts/dev.ts`, the parent first. */
function scriptsOf(edge: LocalProcess): [number, number] {
  const [first, second] = edge.tree().filter(({ command }) => /\bedge\/scripts\/dev\.ts$/.test(command));
  assert.ok(first && second);
  return [first.pid, second.pid];
}
