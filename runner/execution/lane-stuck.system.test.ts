import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { settlesWithin, waitFor } from '../../edge/testing/wait-for.ts';
import type { HeldTask } from '../held-task.ts';
import { heldTask } from '../testing/held-tasks.ts';
import { openLane } from '../testing/lanes/open-lane.ts';
import { roundsFor } from '../testing/native-call.ts';

const GRACE_MS = 1000;
const TERMINATE_TIMEOUT_MS = 5000;
/** The time from the first log line of a task until it is in its native call. */
const CALL_MS = 300;
/** A native call that continues long after its task was given up. */
const NATIVE_MS = 1.5 * (GRACE_MS + TERMINATE_TIMEOUT_MS);

test('a native call that cannot be ended blocks only its own thread, and is never reported as ended', async (t) => {
  const stuck: HeldTask[] = [];
  const { lane, run, codeOf, outcomes, events } = await openLane(t, {
    onStuck: (held) => void stuck.push(held),
  });
  const order = { do: 'compute natively', ms: roundsFor(NATIVE_MS) } as const;
  const startedAt = performance.now();
  const blocked = await run(order, { timeoutSeconds: 0.1 });
  const seen: string[] = [];
  events.on('stuck', ({ task }) => void seen.push(`stuck ${task.taskId}`));
  events.on('unstuck', ({ held }) => void seen.push(`unstuck ${held.task.taskId}`));

  await waitFor('its thread to be ended', () => performance.now() - startedAt > 100 + GRACE_MS);
  for (let count = 0; count < 5; count += 1) {
    const [one, other] = [heldTask({ do: 'return' }), heldTask({ do: 'return' })];
    const acceptedAt = performance.now();
    lane.accept([one, other]);
    assert.deepEqual([await codeOf(one), await codeOf(other)], ['success', 'success']);
    assert.ok(performance.now() - acceptedAt < 3000, 'they waited for the native call');
  }
  await waitFor('it to be given up', () => stuck.length === 1);
  assert.deepEqual(stuck, [blocked]);
  assert.partialDeepStrictEqual(lane.stuck, [{ taskId: blocked.task.taskId, type: 'cpu-fixture' }]);
  assert.deepEqual([lane.running, lane.slots], [0, 2]);

  await waitFor('its thread to end', () => lane.stuck.length === 0, 90_000);
  assert.ok(performance.now() - startedAt > NATIVE_MS / 2, 'the native call was too short to tell');
  assert.deepEqual(seen, [`stuck ${blocked.task.taskId}`, `unstuck ${blocked.task.taskId}`]);
  assert.equal(outcomes.has(blocked), false);
});

test('if a native call blocks the shared thread, new tasks get a new thread and neighbours are given back', async (t) => {
  const stuck: HeldTask[] = [];
  const { lane, run, codeOf, givenBack, outcomes } = await openLane(t, {
    threads: 1,
    tasksPerThread: 3,
    onStuck: (held) => void stuck.push(held),
  });
  const neighbours = [
    await run({ do: 'sleep', ms: 60_000 }, { lane: 'io' }),
    await run({ do: 'sleep', ms: 60_000 }, { lane: 'io' }),
  ];
  const order = { do: 'compute natively', ms: roundsFor(NATIVE_MS) } as const;
  const blocked = await run(order, { lane: 'io', timeoutSeconds: 0.1 });
  const waiting = Array.from({ length: 3 }, () => heldTask({ do: 'sleep', ms: 1 }, { lane: 'io' }));
  lane.accept(waiting);
  for (const held of waiting) assert.equal(await codeOf(held), 'success');
  assert.equal(outcomes.size, 3);
  await waitFor('it to be given up', () => stuck.length === 1 && givenBack.length === 2);
  assert.deepEqual([stuck, givenBack], [[blocked], neighbours]);
  await waitFor('its thread to end', () => lane.stuck.length === 0, 90_000);
  assert.equal(outcomes.size, 3);
});

test('a blocked shared thread continues its tasks, while new tasks run on another thread', async (t) => {
  const { lane, run, codeOf, events, outcomes, givenBack } = await openLane(t, {
    threads: 1,
    tasksPerThread: 3,
  });
  const warnings: string[] = [];
  events.on('warned', ({ sentence }) => void warnings.push(sentence));
  const neighbour = await run({ do: 'sleep', ms: 1 + NATIVE_MS / 4 }, { lane: 'io' });
  const blocked = await run({ do: 'compute natively', ms: roundsFor(NATIVE_MS) }, { lane: 'io' });
  await waitFor('the thread to be set aside', () => warnings.length > 0);
  assert.match(warnings[0] ?? '', /^The task type "io-fixture" runs on a shared thread that is blocked/);
  assert.equal(lane.slots, 3);
  const others = Array.from({ length: 6 }, () => heldTask({ do: 'sleep', ms: 1 }, { lane: 'io' }));
  lane.accept(others);
  for (const held of others) assert.equal(await codeOf(held), 'success');
  assert.equal(outcomes.has(blocked), false);
  assert.deepEqual([await codeOf(blocked), await codeOf(neighbour)], ['success', 'success']);
  assert.deepEqual([givenBack.length, lane.stuck.length, lane.running], [0, 0, 0]);
});

test('a lane closes in bounded time although a native call continues', async (t) => {
  const stuck: HeldTask[] = [];
  const { lane, run, outcomes } = await openLane(t, { onStuck: (held) => void stuck.push(held) });
  const blocked = await run({ do: 'compute natively', ms: roundsFor(NATIVE_MS) });
  await sleep(CALL_MS);
  assert.equal(await settlesWithin(lane.close(), TERMINATE_TIMEOUT_MS + 3000), true);
  assert.deepEqual([stuck, outcomes.size, lane.stuck.length], [[blocked], 0, 1]);
  await waitFor('its thread to end', () => lane.stuck.length === 0, 90_000);
});
