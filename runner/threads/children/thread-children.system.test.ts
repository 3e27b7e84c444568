import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { waitFor } from '../../../edge/testing/wait-for.ts';
import { loadCatalog } from '../../catalog/catalog.ts';
import type { LaneOptions } from '../../execution/lane.ts';
import type { HeldTask } from '../../held-task.ts';
import { temporaryFolder } from '../../tasks/testing/context.ts';
import { fixtureEntry, type HeldTaskOptions, heldTask } from '../../testing/held-tasks.ts';
import { openLane } from '../../testing/lanes/open-lane.ts';
import { taskFolder, taskSource } from '../../testing/task-files.ts';
import { statOf } from './os-process.ts';
import { ThreadChildren } from './thread-children.ts';

const LINUX = process.platform === 'linux';

/** A shell script that writes its process id to the file `$0` and goes on for a minute. */
const SCRIPT = 'echo $$ > "$0"; exec sleep 60';

/** A task type that does one of these; each starts a child that writes its id to `file`. */
const SOURCE = `
import { execFileSync, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
const start = (file, options) => spawn('sh', ['-c', '${SCRIPT}', file], { stdio: 'ignore', ...options });
const fill = () => { const hoard = []; for (;;) hoard.push(Array.from({ length: 100_000 }, (_, n) => n + hoard.length)); };
const actions = {
  'leave it': ({ file }) => void start(file),
  'leave it after a while': async ({ file, ms }) => { start(file); await sleep(ms); },
  'start it late': ({ file, ms }) => void setTimeout(() => start(file), ms),
  'wait, whatever the signal says': async ({ file }) => { start(file); await sleep(60_000); },
  'spin': ({ file }) => { start(file); for (;;); },
  'block': ({ file }) => void execFileSync('sh', ['-c', '${SCRIPT}', file]),
  'block again and again': ({ file }) => { for (;;) try { execFileSync('sh', ['-c', '${SCRIPT}', file]); } catch {} },
  'exit': ({ file }) => { start(file); process.exit(3); },
  'fill the heap': async ({ file }) => { start(file); await sleep(1); fill(); },
  'leave a group': async ({ file, ms }) => {
    spawn('sh', ['-c', 'sh -c "$1" "$0" & wait', file, '${SCRIPT}'], { detached: true, stdio: 'ignore' });
    await sleep(ms);
  },
};
${taskSource('parent', 'payload: z.any(), run: (payload) => actions[payload.do](payload),')}`;

/** A lane whose only type starts children. */
async function openParents(t: TestContext, options: Partial<LaneOptions> & { source?: string } = {}) {
  const { source = SOURCE, ...laneOptions } = options;
  const folder = await taskFolder(t, { 'parent.ts': source });
  const file = join(folder, 'parent.ts');
  const entry = {
    ...fixtureEntry('cpu'),
    type: 'parent',
    file,
    module: pathToFileURL(file).href,
    memoryMb: 64,
  };
  const opened = await openLane(t, { types: [entry], threads: 1, ...laneOptions });
  let count = 0;
  /** Starts a task; `child` waits for the id of its child. */
  const start = (payload: { do: string; ms?: number }, rest?: HeldTaskOptions) => {
    count += 1;
    const record = join(folder, `pid-${count}`);
    const { task, ...held } = heldTask({ do: 'return' }, { maxAttempts: 1, ...rest });
    const payloadText = JSON.stringify({ ...payload, file: record });
    const given: HeldTask = { ...held, entry, task: { ...task, payloadText } };
    opened.lane.accept([given]);
    return { held: given, child: () => pidIn(record) };
  };
  return { ...opened, start };
}

async function pidIn(file: string): Promise<number> {
  let pid = 0;
  await waitFor(`a process id in ${file}`, () => {
    try {
      pid = Number(readFileSync(file, 'utf8'));
    } catch {}
    return pid > 0;
  });
  return pid;
}

/** What `ps` says of a process, `Z` for one that only waits to be reaped; empty once it is gone. */
function stateOf(pid: number): string {
  try {
    return execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    return '';
  }
}
const isRunning = (pid: number) => !/^(Z.*)?$/.test(stateOf(pid));
const ended = (pid: number) => waitFor(`process ${pid} to end`, () => !isRunning(pid));

test('a child that is left running ends with its attempt, and the log says so', async (t) => {
  const { start, codeOf, lines } = await openParents(t);
  const { held, child } = start({ do: 'leave it after a while', ms: 300 });
  const pid = await child();
  assert.equal(await codeOf(held), 'success');
  assert.equal(stateOf(pid), '', 'it still runs, or nobody has reaped it');
  assert.deepEqual(lines, ['1 child process(es) still ran when the attempt ended, and were ended: sh']);
});

test('a child that was only just started ends with its attempt too', async (t) => {
  const { start, codeOf, lines } = await openParents(t);
  const { held } = start({ do: 'leave it' });
  assert.equal(await codeOf(held), 'success');
  assert.equal(lines.length, 1);
});

test('a child that an ended attempt starts late is ended', async (t) => {
  const { start, codeOf } = await openParents(t, { tasksPerThread: 2 });
  const late = start({ do: 'start it late', ms: 50 });
  assert.equal(await codeOf(late.held), 'success');
  const waiting = start({ do: 'leave it after a while', ms: 1000 });
  await codeOf(waiting.held);
  assert.deepEqual(childrenOfThisProcess(), []);
});

test('the end of an attempt leaves the children of its neighbours on the thread alone', async (t) => {
  const { start, codeOf } = await openParents(t, { tasksPerThread: 2 });
  const neighbour = start({ do: 'wait, whatever the signal says' });
  const pid = await neighbour.child();
  const { held } = start({ do: 'leave it after a while', ms: 200 });
  assert.equal(await codeOf(held), 'success');
  assert.ok(isRunning(pid), 'the child of the neighbour was ended');
});

for (const what of ['wait, whatever the signal says', 'spin'] as const) {
  test(`the child of a task ends when the time of the task is up (${what})`, async (t) => {
    const { start, codeOf } = await openParents(t);
    const { held, child } = start({ do: what }, { timeoutSeconds: 0.5 });
    const pid = await child();
    assert.equal(await codeOf(held), 'timeout');
    assert.ok(!isRunning(pid));
    // A thread that turns its loop reaps its children before it is ended.
    if (what !== 'spin') assert.equal(stateOf(pid), '');
  });
}

for (const what of ['block', 'block again and again'] as const) {
  test(`a task ends with the child that it waits for when its time is up (${what})`, {
    skip: !LINUX,
  }, async (t) => {
    const { start, codeOf } = await openParents(t);
    const { held, child } = start({ do: what }, { timeoutSeconds: 0.5 });
    const pid = await child();
    assert.equal(await codeOf(held), 'timeout');
    assert.ok(!isRunning(pid));
    assert.deepEqual(childrenOfThisProcess(), []);
  });
}

test('the child of a cancelled task and that of a lost one end', { skip: !LINUX }, async (t) => {
  const { start, lane, codeOf } = await openParents(t, { threads: 2 });
  const [cancelled, lost] = [start({ do: 'block' }), start({ do: 'block' })];
  const pids = [await cancelled.child(), await lost.child()];
  lane.cancel(cancelled.held);
  lane.lose(lost.held);
  assert.equal(await codeOf(cancelled.held), 'cancelled');
  await Promise.all(pids.map(ended));
});

for (const [what, code] of [
  ['exit', 'crashed'],
  ['fill the heap', 'out_of_memory'],
] as const) {
  test(`the child of a task that ends its thread by itself (${what}) ends`, async (t) => {
    const { start, codeOf } = await openParents(t);
    const { held } = start({ do: what });
    assert.equal(await codeOf(held), code);
    await waitFor('no child to run', () => childrenOfThisProcess().length === 0);
  });
}

for (const [how, options] of [
  ['at the end of its attempt', { ms: 1000 }],
  ['when the time of its task is up', { ms: 60_000, timeoutSeconds: 1 }],
] as const) {
  test(`a child that leads a process group takes its own children with it ${how}`, async (t) => {
    const { start, codeOf } = await openParents(t);
    const { ms, ...rest } = options;
    const { held, child } = start({ do: 'leave a group', ms }, rest);
    const pid = await child();
    await codeOf(held);
    await ended(pid);
  });
}

test('a helper that a task file starts as it loads serves all attempts, and ends with the thread', async (t) => {
  const record = join(await temporaryFolder(t), 'helper');
  const source = `
    import { spawn } from 'node:child_process';
    const helper = spawn('sh', ['-c', '${SCRIPT}', '${record}'], { stdio: 'ignore' });
    ${taskSource('parent', 'payload: z.any(), run: () => helper.exitCode ?? helper.signalCode,')}`;
  const { start, outcomeOf, lane } = await openParents(t, { source });
  const pid = await pidIn(record);
  for (const { held } of [start({ do: 'any' }), start({ do: 'any' })]) {
    assert.deepEqual(await outcomeOf(held), { result: 'null' }, 'the helper had ended');
  }
  assert.ok(isRunning(pid));
  await lane.close();
  await ended(pid);
});

test('a helper that a task file starts ends with the thread that lists the task types', async (t) => {
  const record = join(await temporaryFolder(t), 'helper');
  const source = `
    import { spawn } from 'node:child_process';
    import { existsSync } from 'node:fs';
    spawn('sh', ['-c', '${SCRIPT}', '${record}'], { stdio: 'ignore' });
    while (!existsSync('${record}'));
    ${taskSource('own')}`;
  await loadCatalog([await taskFolder(t, { 'own.ts': source })]);
  assert.equal(stateOf(await pidIn(record)), '');
});

test('a note that names a process that is no child of this one ends nothing', { skip: !LINUX }, async (t) => {
  const [reused, real] = [spawn('sleep', ['60']), spawn('sleep', ['60'])];
  t.after(() => reused.kill());
  const detach = ['-c', 'sleep 60 >&- & echo $!'];
  const orphan = Number(execFileSync('sh', detach, { stdio: ['ignore', 'pipe', 'ignore'] }).toString());
  t.after(() => process.kill(orphan));
  const group = spawn('setsid', ['-f', 'sh', '-c', SCRIPT, join(await temporaryFolder(t), 'group')], {
    stdio: 'ignore',
  });
  const leader = await pidIn(group.spawnargs.at(-1) ?? '');
  t.after(() => process.kill(leader));
  const children = new ThreadChildren();
  const forge = (pid = 0, startedAt = statOf(pid)?.startedAt, isLeader = false) =>
    children.take({ kind: 'child-started', pid, startedAt, isLeader });
  forge(reused.pid, '1');
  forge(orphan);
  forge(leader, undefined, true);
  forge(process.pid);
  forge(process.ppid);
  forge(real.pid);
  children.end();
  await ended(real.pid ?? 0);
  assert.ok(isRunning(reused.pid ?? 0), 'a process under an id that was used before was ended');
  assert.ok(isRunning(orphan) && isRunning(leader), 'the child of another process was ended');
});

/** The ids of the children that this process has and that still run. */
function childrenOfThisProcess(): number[] {
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat=,comm='], { encoding: 'utf8' });
  return table
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(
      ([, parent, state, name]) => Number(parent) === process.pid && !/^Z/.test(state ?? '') && name !== 'ps',
    )
    .map(([pid]) => Number(pid));
}
