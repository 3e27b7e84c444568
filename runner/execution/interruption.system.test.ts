import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '../../edge/testing/wait-for.ts';
import type { HeldTask } from '../held-task.ts';
import { heldTask, type Order } from '../testing/held-tasks.ts';
import { openLane } from '../testing/lanes/open-lane.ts';

/** A task of a type that may use little memory. */
function limited(order: Order): HeldTask {
  const held = heldTask(order);
  return { ...held, entry: { ...held.entry, memoryMb: 64 } };
}

test('a loop from which V8 leaves out its checks for interrupts ends when its time is up', async (t) => {
  const { lane, codeOf } = await openLane(t, { threads: 1 });
  for (let round = 0; round < 2; round += 1) {
    const looping = heldTask({ do: 'loop without checks' }, { timeoutSeconds: 1 });
    lane.accept([looping]);
    assert.equal(await codeOf(looping), 'timeout');
  }
  assert.deepEqual([lane.stuck, lane.slots], [[], 1]);
});

test('such a loop that fills the heap ends as out_of_memory, and the process lives on', async (t) => {
  const { lane, codeOf } = await openLane(t);
  for (const held of [
    heldTask({ do: 'fill the heap without checks' }),
    limited({ do: 'fill the heap without checks' }),
  ]) {
    const neighbour = heldTask({ do: 'sleep', ms: 50 });
    lane.accept([held, neighbour]);
    assert.equal(await codeOf(held), 'out_of_memory');
    assert.equal(await codeOf(neighbour), 'success');
  }
});

test('the garbage of an earlier task does not count as memory of the next', async (t) => {
  const { lane, codeOf } = await openLane(t, { threads: 1 });
  for (let round = 0; round < 2; round += 1) {
    const large = heldTask({ do: 'make garbage', value: 300 });
    const small = limited({ do: 'sleep', ms: 1500 });
    lane.accept([large, small]);
    assert.equal(await codeOf(large), 'success');
    assert.equal(await codeOf(small), 'success');
  }
});

const SHARED = { threads: 1, tasksPerThread: 4 };
const SET_ASIDE_MS = 4500;

test('a task whose shared thread is kept busy by what an ended task left behind goes elsewhere', async (t) => {
  const { lane, codeOf, givenBack } = await openLane(t, SHARED);
  const leaving = heldTask({ do: 'leave a loop', ms: 100 });
  lane.accept([leaving]);
  assert.equal(await codeOf(leaving), 'success');
  await sleep(300);
  const next = heldTask({ do: 'return' });
  lane.accept([next]);
  await waitFor('the task to be given back', () => givenBack.includes(next));
  lane.accept([next]);
  assert.equal(await codeOf(next), 'success');
});

test('a lane whose shared threads are all blocked ends one of them', async (t) => {
  const { lane, run, codeOf, outcomeOf } = await openLane(t, SHARED);
  const spinning: HeldTask[] = [];
  for (let count = 0; count < 3; count += 1) {
    spinning.push(await run({ do: 'spin', ms: 3_600_000 }));
    // By then its thread is set aside and another has its place.
    if (count < 2) await sleep(SET_ASIDE_MS);
  }
  const later = heldTask({ do: 'return' });
  const [first] = spinning;
  assert.ok(first);
  assert.equal(await codeOf(first), 'blocked');
  const outcome = await outcomeOf(first);
  assert.match('error' in outcome ? outcome.error.message : '', /was blocked, and it was ended because/);
  lane.accept([later]);
  assert.equal(await codeOf(later), 'success');
});
