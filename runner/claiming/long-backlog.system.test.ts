import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '../../edge/testing/wait-for.ts';
import { OTHER_TYPE, prepareRunner } from '../testing/start-runner.ts';

const MINUTE_MS = 60_000;
const INSTANT_TASKS = 5000;
const LONG_TASKS = 2000;

/** A runner with one thread that has run many instant tasks and then finds a backlog of one-minute tasks. */
async function meetLongTasks(t: TestContext, type: string) {
  const prepared = await prepareRunner(t, { threads: 1, ioConcurrency: 1 }, [OTHER_TYPE]);
  const { ledger, addMany, run } = prepared;
  addMany(INSTANT_TASKS, { do: 'return' });
  const long = Array.from({ length: LONG_TASKS }, () => ledger.add(type, { do: 'sleep', ms: MINUTE_MS }));
  void run();
  await waitFor('the instant tasks', () => ledger.settled.size === INSTANT_TASKS);
  return { ...prepared, long };
}

test('after many instant tasks, tasks of another type are claimed one by one', async (t) => {
  const { runner, ledger, long } = await meetLongTasks(t, OTHER_TYPE.type);
  await sleep(500);
  assert.ok(runner.held <= 1, `held ${runner.held}`);
  assert.ok(ledger.waiting >= LONG_TASKS - 1, `${ledger.waiting} are left for others`);
  assert.ok(long.slice(1).every((id) => ledger.attemptOf(id) === 0));
});

test('tasks of a type that turns out to be long are given back within seconds without a lost attempt', async (t) => {
  const { runner, ledger, long } = await meetLongTasks(t, 'cpu-fixture');
  await waitFor('them to be given back', () => runner.held <= 4, 15_000);
  await sleep(3000);
  assert.ok(runner.held <= 4, `held ${runner.held}`);
  assert.ok(ledger.waiting >= LONG_TASKS - 4, `${ledger.waiting} are left for others`);
  assert.ok(long.slice(1).every((id) => ledger.attemptOf(id) === 0));
});

test('a task whose type is not read ahead starts in its turn, not after all tasks read ahead', async (t) => {
  const { ledger, run, addMany } = await prepareRunner(t, { threads: 1 }, [OTHER_TYPE]);
  addMany(4000, { do: 'return' });
  await sleep(2);
  const other = ledger.add(OTHER_TYPE.type, { do: 'return' });
  await sleep(2);
  for (let i = 0; i < 20; i += 1) {
    addMany(1500, { do: 'return' });
    await sleep(2);
  }
  void run();
  await waitFor('the other task', () => ledger.stateOf(other) === 'completed');
  assert.ok(ledger.waiting > 10_000, `${ledger.waiting} were left`);
});

test('a running task spends an attempt, a task waiting for a slot does not', async (t) => {
  const { edge, ledger, run, addMany, isRunning } = await prepareRunner(t, { threads: 1, leaseSeconds: 1 });
  addMany(50, { do: 'return' });
  void run();
  await waitFor('the pace to be known', () => ledger.settled.size === 50);
  const ids = addMany(20, { do: 'sleep', ms: 1000 });
  await isRunning(ids[0] ?? '');
  await waitFor('more to be read ahead', () => ledger.waiting < 18);
  // The second task starts with its claim, the third is read ahead.
  const third = ids[2] ?? '';
  await waitFor('the third task', () => ledger.attemptOf(third) === 1);
  assert.ok(ids.slice(3).every((id) => ledger.attemptOf(id) === 0));
  const named = edge.heartbeats.flatMap(({ leases }) => leases.flatMap(({ started = [] }) => started));
  assert.deepEqual(new Set(named), new Set([third]));
});
