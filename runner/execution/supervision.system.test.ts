import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitFor } from '../../edge/testing/wait-for.ts';
import type { HeldTask } from '../held-task.ts';
import { type HeldTaskOptions, heldTask, type Order } from '../testing/held-tasks.ts';
import { openLane } from '../testing/lanes/open-lane.ts';

const MB = 2 ** 20;
const LIMIT_MB = 128;

/** A task whose type may use little memory. */
function limited(order: Order, options?: HeldTaskOptions): HeldTask {
  const held = heldTask(order, options);
  return { ...held, entry: { ...held.entry, memoryMb: LIMIT_MB } };
}

for (const [what, order, code] of [
  ['spins for ever', { do: 'spin', ms: 3_600_000 }, 'timeout'],
  ['fills the heap without end', { do: 'fill the heap' }, 'out_of_memory'],
  ['fills Buffers without end', { do: 'fill buffers' }, 'out_of_memory'],
  ['calls process.exit', { do: 'exit', value: 3 }, 'crashed'],
] as const) {
  test(`a task that ${what} fails as ${code} while 100 neighbours complete, and its memory is freed`, async (t) => {
    const { lane, outcomes, codeOf } = await openLane(t);
    const before = process.memoryUsage().rss;
    const bad = limited(order, { timeoutSeconds: code === 'timeout' ? 1 : 60 });
    const neighbours = Array.from({ length: 100 }, () => limited({ do: 'sleep', ms: 5 }));
    lane.accept([bad, ...neighbours]);
    assert.equal(await codeOf(bad), code);
    for (const neighbour of neighbours) assert.equal(await codeOf(neighbour), 'success');
    assert.equal(outcomes.size, 101);
    await waitFor('the memory', () => process.memoryUsage().rss - before < 300 * MB);
  });
}

for (const [neighbours, certainty] of [
  [0, /no task of another thread runs$/],
  [1, /1 task\(s\) of other threads run too: this one is the likely cause, not a certain one$/],
] as const) {
  test(`a task with too much native memory next to ${neighbours} others fails, and the error names the certainty`, async (t) => {
    const { lane, events, outcomes, outcomeOf } = await openLane(t);
    const warnings: string[] = [];
    events.on('warned', ({ sentence }) => void warnings.push(sentence));
    const others = Array.from({ length: neighbours }, () => limited({ do: 'sleep', ms: 60_000 }));
    lane.accept(others);
    const greedy = limited({ do: 'fill shared memory' });
    lane.accept([greedy]);
    const outcome = await outcomeOf(greedy);
    assert.ok('error' in outcome);
    assert.equal(outcome.error.code, 'out_of_memory');
    assert.match(outcome.error.message, /native memory grew by \d+ MB .* whose type may take 128 MB/);
    assert.match(outcome.error.message, certainty);
    const { taskId } = greedy.task;
    assert.match(
      warnings[0] ?? '',
      new RegExp(`^Task ${taskId} of type cpu-fixture is ended because of its memory`),
    );
    assert.deepEqual([lane.running, outcomes.size], [neighbours, 1]);
  });
}

test('the heap limit of a thread is the largest allowance of its lane', async (t) => {
  const held = limited({ do: 'fill the heap' });
  const { lane, codeOf, outcomeOf } = await openLane(t, { types: [held.entry], threads: 1 });
  lane.accept([held]);
  assert.equal(await codeOf(held), 'out_of_memory');
  const outcome = await outcomeOf(held);
  assert.match('error' in outcome ? outcome.error.message : '', /more than the 128 MB of its type/);
});

test('if a task exits its shared thread, its neighbours are given back', async (t) => {
  const { lane, run, codeOf, givenBack } = await openLane(t, { threads: 1, tasksPerThread: 4 });
  const neighbours = [await run({ do: 'sleep', ms: 60_000 }), await run({ do: 'sleep', ms: 60_000 })];
  const exiting = heldTask({ do: 'exit', value: 1 });
  lane.accept([exiting]);
  assert.equal(await codeOf(exiting), 'crashed');
  await waitFor('the neighbours', () => givenBack.length === 2);
  assert.deepEqual(new Set(givenBack), new Set(neighbours));
});

test('a cancelled task is dropped: a waiting task never starts, a running task is aborted', async (t) => {
  const { lane, run, codeOf, started } = await openLane(t, { threads: 1 });
  const running = await run({ do: 'sleep', ms: 60_000 });
  const waiting = heldTask({ do: 'return' });
  lane.accept([waiting]);
  lane.cancel(waiting);
  lane.cancel(running);
  assert.equal(await codeOf(waiting), 'cancelled');
  assert.equal(await codeOf(running), 'cancelled');
  assert.equal(started.length, 1);
});

for (const leave of ['leave a bomb', 'reject later'] as const) {
  test(`a task that continues to "${leave}" after its return harms no later task`, async (t) => {
    const { lane, codeOf } = await openLane(t, { threads: 1 });
    const first = heldTask({ do: leave, ms: 20 });
    const later = Array.from({ length: 5 }, () => heldTask({ do: 'sleep', ms: 30 }));
    lane.accept([first, ...later]);
    for (const held of [first, ...later]) assert.equal(await codeOf(held), 'success');
  });
}
