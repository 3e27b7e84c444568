import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { MAX_CLAIM_TASKS } from '../../edge/contract/limits.ts';
import { settlesWithin, waitFor } from '../../edge/testing/wait-for.ts';
import { MAX_READ_AHEAD } from '../claiming/read-ahead.ts';
import { heldTask } from '../testing/held-tasks.ts';
import { openLane } from '../testing/lanes/open-lane.ts';

test('a lane runs no more tasks than it has slots, and holds each started task until it is acknowledged', async (t) => {
  const { lane, outcomes, started, mostRunning, freed } = await openLane(t);
  assert.equal(lane.held, 0);
  const tasks = Array.from({ length: 7 }, () => heldTask({ do: 'sleep', ms: 60 }));
  lane.accept(tasks);
  assert.deepEqual([lane.running, lane.held], [2, 7]);

  await waitFor('all outcomes', () => outcomes.size === 7);
  assert.equal(mostRunning(), 2);
  assert.deepEqual(
    started,
    tasks.map(({ task }) => task.taskId),
  );
  assert.deepEqual([lane.running, lane.held], [0, 7]);
  const before = freed();
  for (const [index, held] of tasks.entries()) {
    lane.acknowledge(held);
    assert.equal(lane.held, 6 - index);
  }
  assert.equal(freed() - before, 7);
});

test('a lane names its types and reports the progress and log lines of its tasks', async (t) => {
  const { lane, run, outcomeOf, lines } = await openLane(t);
  assert.deepEqual(lane.types, ['cpu-fixture', 'io-fixture']);
  assert.deepEqual(await outcomeOf(await run({ do: 'say progress', value: ['half'] })), { result: '"done"' });
  const talking = heldTask({ do: 'log', ms: 50 });
  lane.accept([talking]);
  await outcomeOf(talking);
  assert.deepEqual(lines.slice(0, 2), ['first', 'second']);
});

test('no log line is lost, even for short tasks on busy threads', async (t) => {
  const { lane, outcomes, givenBack, lines } = await openLane(t);
  lane.accept(Array.from({ length: 300 }, () => heldTask({ do: 'log' })));
  // A slow machine gives tasks back that would wait for too long.
  await waitFor('all outcomes', () => outcomes.size + givenBack.length === 300);
  assert.ok(outcomes.size > 0);
  const expected = 3 * outcomes.size;
  await settlesWithin(
    waitFor('all lines', () => lines.length === expected),
    1000,
  );
  assert.equal(lines.length, expected);
});

test('demand equals the free slots until the pace is known, then grows with it up to a bound', async (t) => {
  const { lane, outcomes, acknowledgeAll } = await openLane(t);
  assert.deepEqual(lane.demand(1000, MAX_READ_AHEAD), { limit: 2, starts: 2 });
  const slow = heldTask({ do: 'sleep', ms: 100 });
  lane.accept([slow]);
  assert.deepEqual(lane.demand(1000, MAX_READ_AHEAD), { limit: 1, starts: 1 });
  await waitFor('the outcome', () => outcomes.size === 1);
  acknowledgeAll();

  lane.accept(Array.from({ length: 50 }, () => heldTask({ do: 'return' })));
  await waitFor('all outcomes', () => outcomes.size === 51);
  acknowledgeAll();
  assert.deepEqual(lane.demand(0, MAX_READ_AHEAD), { limit: 2, starts: 2 });
  const { limit, starts, ahead } = lane.demand(50, MAX_READ_AHEAD);
  assert.ok(limit > 2, String(limit));
  assert.deepEqual([starts, ahead], [2, { 'cpu-fixture': limit - 2 }]);
  assert.equal(lane.demand(1e9, MAX_READ_AHEAD).limit, MAX_CLAIM_TASKS);
});

test('a lane reads ahead no more tasks than it leaves for others', async (t) => {
  const { lane, outcomes, acknowledgeAll } = await openLane(t);
  lane.accept(Array.from({ length: 50 }, () => heldTask({ do: 'return' })));
  await waitFor('all outcomes', () => outcomes.size === 50);
  acknowledgeAll();
  assert.deepEqual(
    [0, 5, 20].map((left) => lane.demand(100, left).limit),
    [2, 7, 22],
  );
});

test('if tasks are slow compared with a refill, nothing is read ahead', async (t) => {
  const { lane, run, codeOf, acknowledgeAll } = await openLane(t);
  assert.equal(await codeOf(await run({ do: 'sleep', ms: 300 })), 'success');
  acknowledgeAll();
  assert.deepEqual(lane.demand(1, MAX_READ_AHEAD), { limit: 2, starts: 2 });
});

test('a task that its claim has counted as started starts before waiting tasks or is given back', async (t) => {
  const { lane, started, givenBack } = await openLane(t);
  const waiting = Array.from({ length: 2 }, () => heldTask({ do: 'sleep', ms: 60_000 }));
  const counted = Array.from({ length: 3 }, () =>
    heldTask({ do: 'sleep', ms: 60_000 }, { readAhead: false }),
  );
  lane.accept([...counted, ...waiting]);
  assert.deepEqual(
    started,
    counted.slice(0, 2).map(({ task }) => task.taskId),
  );
  assert.deepEqual(givenBack, counted.slice(2));
  assert.equal(lane.waiting, 2);
});

test('waiting tasks start by priority, and are given back if the edge has tasks of a higher one', async (t) => {
  const { lane, started, givenBack, acknowledgeAll, outcomeOf } = await openLane(t, { threads: 1 });
  const first = heldTask({ do: 'sleep', ms: 300 });
  const [low, middle, high] = [0, 5, 9].map((priority) => heldTask({ do: 'sleep', ms: 1 }, { priority }));
  assert.ok(low && middle && high);
  lane.accept([first]);
  lane.accept([low, middle], { priority: 0, runAt: low.task.createdAt });
  lane.accept([high], { priority: 5, runAt: low.task.createdAt });
  assert.deepEqual(givenBack, [low]);
  await outcomeOf(middle);
  assert.deepEqual(
    started,
    [first, high, middle].map(({ task }) => task.taskId),
  );
  // Tasks that were given back are not read ahead again at once.
  acknowledgeAll();
  assert.deepEqual(lane.demand(1000, MAX_READ_AHEAD), { limit: 1, starts: 1 });
});

test('demand is never negative', async (t) => {
  const { lane } = await openLane(t);
  lane.accept(Array.from({ length: 9 }, () => heldTask({ do: 'sleep', ms: 50 })));
  assert.deepEqual(lane.demand(0, MAX_READ_AHEAD), { limit: 0, starts: 0 });
});

test('a task removed from the waiting tasks never starts', async (t) => {
  const { lane, outcomes, started } = await openLane(t);
  const tasks = Array.from({ length: 5 }, () => heldTask({ do: 'sleep', ms: 50 }));
  lane.accept(tasks);
  assert.deepEqual(lane.takeWaiting(), tasks.slice(2));
  assert.equal(lane.held, 2);
  await lane.idle();
  assert.deepEqual([outcomes.size, started.length], [2, 2]);
});

test('a waiting task that is lost never starts', async (t) => {
  const { lane, outcomes, started } = await openLane(t);
  const tasks = Array.from({ length: 3 }, () => heldTask({ do: 'sleep', ms: 50 }));
  lane.accept(tasks);
  lane.lose(tasks[2] ?? heldTask({ do: 'return' }));
  assert.equal(lane.held, 2);
  await lane.idle();
  assert.deepEqual([outcomes.size, started.length], [2, 2]);
});

test('a running task that is lost is aborted, frees its slot, and is not reported', async (t) => {
  const { lane, run, outcomes, freed } = await openLane(t);
  const lost = await run({ do: 'sleep', ms: 60_000 });
  const before = freed();
  lane.lose(lost);
  await waitFor('its slot', () => lane.running === 0, 3000);
  assert.deepEqual([outcomes.size, lane.held, freed() - before], [0, 0, 1]);
});

test('a lost task that ignores its signal is ended, and its slot becomes usable again', async (t) => {
  const { lane, run, outcomes, codeOf } = await openLane(t, { threads: 1 });
  lane.lose(await run({ do: 'spin', ms: 60_000 }));
  await waitFor('its slot', () => lane.running === 0);
  assert.equal(outcomes.size, 0);
  assert.equal(await codeOf(await run({ do: 'sleep', ms: 1 })), 'success');
});

test('a task claimed again while its lost attempt is being ended runs as a separate attempt', async (t) => {
  const { lane, run, started, codeOf, outcomes } = await openLane(t);
  const lost = await run({ do: 'ignore the signal', ms: 600 });
  lane.lose(lost);
  const again = heldTask({ do: 'ignore the signal', ms: 1200 }, { taskId: lost.task.taskId });
  lane.accept([again]);
  const others = Array.from({ length: 2 }, () => heldTask({ do: 'sleep', ms: 1200 }));
  lane.accept(others);
  assert.deepEqual([lane.running, started.length], [2, 2], 'more was started than there are slots');
  await waitFor('the slot of the lost attempt', () => started.length > 2);
  await sleep(100);
  assert.equal(started.length, 3, 'more was started than there are slots');
  assert.equal(await codeOf(again), 'success');
  await waitFor('all outcomes', () => outcomes.size === 3);
});

test('a task that ends its thread is reported as crashed, and the lane continues', async (t) => {
  const { lane, run, codeOf, outcomeOf } = await openLane(t, { threads: 1 });
  const exiting = heldTask({ do: 'exit', value: 3 });
  lane.accept([exiting]);
  const outcome = await outcomeOf(exiting);
  assert.ok('error' in outcome);
  assert.equal(outcome.error.code, 'crashed');
  assert.notEqual(outcome.error.retryable, false);
  assert.match(outcome.error.message, /ended its thread.*3/);
  assert.equal(await codeOf(await run({ do: 'sleep', ms: 1 })), 'success');
});

test('idle waits for running tasks, not for unreported ones', async (t) => {
  const { lane, run } = await openLane(t);
  assert.equal(await settlesWithin(lane.idle(), 1000), true);
  await run({ do: 'sleep', ms: 300 });
  const idle = lane.idle();
  assert.equal(await settlesWithin(idle, 50), false);
  await idle;
  assert.deepEqual([lane.running, lane.held], [0, 1]);
});
