import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { waitFor } from '../../edge/testing/wait-for.ts';
import { heldTask } from '../testing/held-tasks.ts';
import { openLane } from '../testing/lanes/open-lane.ts';
import type { LaneOptions } from './lane.ts';

/** A lane that has run short tasks, so it hands several at a time to a thread. */
async function openFastLane(t: TestContext, options: Partial<LaneOptions> = {}) {
  const opened = await openLane(t, { threads: 1, ...options });
  const { lane, outcomes } = opened;
  for (let count = 1; count <= 10; count += 1) {
    lane.accept([heldTask({ do: 'return' })]);
    await waitFor('a short task', () => outcomes.size === count);
    opened.acknowledgeAll();
  }
  outcomes.clear();
  opened.started.length = 0;
  return opened;
}

const shortTasks = (count: number) => Array.from({ length: count }, () => heldTask({ do: 'return' }));
/** Keeps a thread busy until the tasks queued behind it are taken back. */
const SPIN_MS = 1500;

test('short tasks start one after the other in order, and all end', async (t) => {
  const { lane, outcomes, started, mostRunning } = await openFastLane(t);
  const tasks = shortTasks(500);
  lane.accept(tasks);
  assert.deepEqual([lane.running, lane.waiting, lane.held], [1, 499, 500]);
  await waitFor('all outcomes', () => outcomes.size === 500);
  assert.equal(mostRunning(), 1);
  assert.deepEqual(
    started,
    tasks.map(({ task }) => task.taskId),
  );
  assert.deepEqual([lane.running, lane.waiting, lane.held], [0, 0, 500]);
});

test('tasks queued behind a task that turns out to be long run on the other thread', async (t) => {
  const { lane, run, outcomes } = await openFastLane(t, { threads: 2 });
  const long = heldTask({ do: 'spin', ms: SPIN_MS });
  const others = shortTasks(9);
  lane.accept([long, ...others]);
  await waitFor('the others', () => others.every((held) => outcomes.has(held)));
  assert.equal(outcomes.has(long), false, 'they waited for the long one');
  await waitFor('the long one', () => outcomes.has(long));
  await run({ do: 'sleep', ms: 1 });
});

test('the timeout of a queued task counts from its start', async (t) => {
  const { lane, codeOf } = await openFastLane(t);
  const queued = heldTask({ do: 'return' }, { timeoutSeconds: 0.2 });
  lane.accept([
    heldTask({ do: 'spin', ms: 90 }),
    heldTask({ do: 'spin', ms: 90 }),
    heldTask({ do: 'spin', ms: 90 }),
    queued,
  ]);
  assert.equal(await codeOf(queued), 'success');
});

test('a queued task that is lost or cancelled never starts', async (t) => {
  const { lane, outcomes, started, codeOf } = await openFastLane(t);
  const [running, lost, cancelled, last] = [heldTask({ do: 'spin', ms: 50 }), ...shortTasks(3)];
  assert.ok(running && lost && cancelled && last);
  lane.accept([running, lost, cancelled, last]);
  lane.lose(lost);
  lane.cancel(cancelled);
  assert.equal(lane.held, 3);
  assert.equal(await codeOf(cancelled), 'cancelled');
  assert.equal(await codeOf(last), 'success');
  assert.equal(outcomes.size, 3);
  assert.deepEqual(
    started,
    [running, last].map(({ task }) => task.taskId),
  );
});

test('a drained lane starts no queued tasks', async (t) => {
  const { lane, outcomes, started } = await openFastLane(t);
  const tasks = [heldTask({ do: 'spin', ms: 50 }), ...shortTasks(5)];
  lane.accept(tasks);
  lane.drain();
  assert.deepEqual(lane.takeWaiting(), tasks.slice(1));
  await lane.idle();
  assert.deepEqual([outcomes.size, started.length, lane.held], [1, 1, 1]);
});

for (const [what, order, timeoutSeconds, code] of [
  ['ends its thread', { do: 'exit', value: 3 }, 60, 'crashed'],
  ['has to be ended', { do: 'spin', ms: 60_000 }, 0.05, 'timeout'],
] as const) {
  test(`tasks queued behind a task that ${what} run on the next thread`, async (t) => {
    const { lane, outcomes, codeOf, givenBack } = await openFastLane(t);
    const bad = heldTask(order, { timeoutSeconds });
    const others = shortTasks(5);
    lane.accept([bad, ...others]);
    assert.equal(await codeOf(bad), code);
    for (const held of others) assert.equal(await codeOf(held), 'success');
    assert.deepEqual([outcomes.size, givenBack.length], [6, 0]);
  });
}
