import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '../../edge/testing/wait-for.ts';
import { fixtureEntry, heldTask } from '../testing/held-tasks.ts';
import { openLane } from '../testing/lanes/open-lane.ts';
import { roundsFor } from '../testing/native-call.ts';

const GRACE_MS = 1000;

test('a task that ends on its signal at its timeout is reported as timed out, and its thread is kept', async (t) => {
  const { run, outcomeOf } = await openLane(t, { threads: 1 });
  await outcomeOf(await run({ do: 'sleep', ms: 1 }));
  const startedAt = performance.now();
  const held = await run({ do: 'sleep', ms: 60_000 }, { timeoutSeconds: 0.2 });
  const outcome = await outcomeOf(held);
  assert.deepEqual(outcome, {
    error: { code: 'timeout', message: 'The attempt took longer than its 0.2 s' },
  });
  assert.ok(performance.now() - startedAt < GRACE_MS, 'it took as long as a kill');
});

test('the timeout of the submission overrides the timeout of the type', async (t) => {
  const { lane, outcomeOf } = await openLane(t);
  const entry = { ...fixtureEntry('cpu'), timeoutSeconds: 0.2 };
  const ofType = { ...heldTask({ do: 'sleep', ms: 60_000 }), entry };
  const ofTask = { ...heldTask({ do: 'sleep', ms: 400 }, { timeoutSeconds: 60 }), entry };
  lane.accept([ofType, ofTask]);
  const outcome = await outcomeOf(ofType);
  assert.match('error' in outcome ? outcome.error.message : '', /0\.2 s/);
  assert.deepEqual(await outcomeOf(ofTask), { result: '"slept"' });
});

test('the timeout of a waiting task counts from its start', async (t) => {
  const { lane, codeOf } = await openLane(t, { threads: 1 });
  const first = heldTask({ do: 'sleep', ms: 900 });
  const second = heldTask({ do: 'sleep', ms: 300 }, { timeoutSeconds: 0.8 });
  lane.accept([first, second]);
  assert.equal(await codeOf(second), 'success');
});

test('a spinning task is ended after the grace and reported as timed out; its neighbour is unharmed', async (t) => {
  const { run, outcomeOf, codeOf } = await openLane(t);
  const neighbour = await run({ do: 'spin', ms: 2500 });
  const startedAt = performance.now();
  const spinner = await run({ do: 'spin', ms: 60_000 }, { timeoutSeconds: 0.3 });
  assert.equal(await codeOf(spinner), 'timeout');
  const took = performance.now() - startedAt;
  assert.ok(took >= 300 + GRACE_MS - 50 && took < 6000, `took ${took} ms`);
  assert.deepEqual(await outcomeOf(neighbour), { result: '"spun"' });
  assert.equal(await codeOf(await run({ do: 'sleep', ms: 1 })), 'success');
});

test('a task that ends within the grace is still reported as timed out', async (t) => {
  const { run, codeOf } = await openLane(t, { threads: 1 });
  // The timeout counts from when the thread gets the task, and the thread takes a while to load.
  await codeOf(await run({ do: 'sleep', ms: 1 }));
  assert.equal(
    await codeOf(await run({ do: 'ignore the signal', ms: 500 }, { timeoutSeconds: 0.2 })),
    'timeout',
  );
});

test('a task that ignores its signal ends its shared thread, and its neighbours are given back', async (t) => {
  const { lane, run, codeOf, givenBack, outcomes } = await openLane(t, { threads: 1, tasksPerThread: 3 });
  const neighbours = [
    await run({ do: 'sleep', ms: 60_000 }, { lane: 'io' }),
    await run({ do: 'sleep', ms: 60_000 }, { lane: 'io' }),
  ];
  const stubborn = await run({ do: 'ignore the signal', ms: 60_000 }, { lane: 'io', timeoutSeconds: 0.1 });
  const waiting = heldTask({ do: 'return', value: 1 }, { lane: 'io' });
  lane.accept([waiting]);

  assert.equal(await codeOf(stubborn), 'timeout');
  await waitFor('the neighbours', () => givenBack.length === 2);
  assert.deepEqual(new Set(givenBack), new Set(neighbours));
  assert.equal(await codeOf(waiting), 'success');
  assert.equal(outcomes.size, 2, 'what was given back is not reported');
  assert.equal(lane.held, 2);
});

test('a task that ends on its signal does not affect its neighbours on a shared thread', async (t) => {
  const { run, outcomeOf, codeOf, givenBack } = await openLane(t, { threads: 1, tasksPerThread: 2 });
  const neighbour = await run({ do: 'sleep', ms: 1500 }, { lane: 'io' });
  assert.equal(await codeOf(await run({ do: 'sleep', ms: 60_000 }, { timeoutSeconds: 0.1 })), 'timeout');
  assert.deepEqual(await outcomeOf(neighbour), { result: '"slept"' });
  assert.equal(givenBack.length, 0);
});

test('close ends running tasks, reports them as stopped, and starts no more tasks', async (t) => {
  const { lane, run, codeOf, started } = await openLane(t);
  const ended = [await run({ do: 'spin', ms: 60_000 }), await run({ do: 'sleep', ms: 60_000 })];
  const waiting = heldTask({ do: 'return' });
  lane.accept([waiting]);
  await lane.close();
  assert.equal(lane.running, 0);
  for (const held of ended) assert.equal(await codeOf(held), 'runner_stopped');

  lane.accept([heldTask({ do: 'return' })]);
  lane.lose(waiting);
  await lane.close();
  assert.equal(started.length, 2);
  assert.equal(lane.held, 3);
});

for (const what of ['stopped', 'timed out']) {
  test(`close reports a task that has ${what} only after its thread has ended`, async (t) => {
    const { lane, run, codeOf, started } = await openLane(t, { threads: 1 });
    await codeOf(await run({ do: 'sleep', ms: 1 }));
    const held = heldTask(
      { do: 'compute natively', ms: roundsFor(1000) },
      what === 'timed out' ? { timeoutSeconds: 0.1 } : {},
    );
    lane.accept([held]);
    await waitFor('the start', () => started.length === 2);
    await sleep(150);

    const calledAt = performance.now();
    const reportedAfter = codeOf(held).then(() => performance.now() - calledAt);
    await lane.close();
    const closedAfter = performance.now() - calledAt;
    assert.ok(closedAfter > 400, `the thread was ended too soon to tell: ${closedAfter} ms`);
    assert.ok(
      (await reportedAfter) > closedAfter / 2,
      `reported after ${await reportedAfter} ms, the thread ended after ${closedAfter} ms`,
    );
  });
}
