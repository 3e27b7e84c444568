import assert from 'node:assert/strict';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { test } from 'node:test';
import { waitFor } from '../../edge/testing/wait-for.ts';
import { heldTask } from '../testing/held-tasks.ts';
import { openLane } from '../testing/lanes/open-lane.ts';

const MB = 2 ** 20;
const attack = (value: string) => ({ do: 'attack', value }) as const;

for (const tasksPerThread of [1, 2]) {
  test(`what tasks post to parentPort reaches nobody, and is one warning of their type, with ${tasksPerThread} a thread`, async (t) => {
    const { lane, events, outcomeOf, run } = await openLane(t, { threads: 1, tasksPerThread });
    const warnings: string[] = [];
    events.on('warned', ({ sentence }) => void warnings.push(sentence));
    for (let count = 0; count < 3; count += 1) {
      assert.deepEqual(await outcomeOf(await run(attack('post to the parent'))), { result: '"posted"' });
    }
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', /^The task type "cpu-fixture" posts messages to parentPort/);
    assert.equal(lane.slots, tasksPerThread);
  });

  test(`a task finds no port of the runner, with ${tasksPerThread} a thread`, async (t) => {
    const { outcomeOf, run } = await openLane(t, { threads: 1, tasksPerThread });
    assert.deepEqual(await outcomeOf(await run(attack('look for a port'))), { result: '[]' });
  });
}

for (const tasksPerThread of [1, 2]) {
  test(`functions that a task replaces are given no port of the runner, with ${tasksPerThread} a thread`, async (t) => {
    const { run, outcomeOf, codeOf } = await openLane(t, { threads: 1, tasksPerThread });
    assert.deepEqual(await outcomeOf(await run(attack('replace methods of the port'))), { result: '[]' });
    const attacker = await run(attack('replace functions'));
    for (let count = 0; count < 3; count += 1) {
      assert.equal(await codeOf(await run({ do: 'sleep', ms: 10 })), 'success');
    }
    assert.deepEqual(await outcomeOf(attacker), { result: '[]' });
  });
}

test('a task can neither end nor abort its neighbour on a shared thread', async (t) => {
  const { run, outcomeOf, outcomes } = await openLane(t, { threads: 1, tasksPerThread: 2 });
  const neighbour = await run({ do: 'sleep', ms: 2000 });
  assert.deepEqual(await outcomeOf(await run(attack('give orders'))), { result: '60' });
  assert.equal(outcomes.has(neighbour), false);
  assert.deepEqual(await outcomeOf(neighbour), { result: '"slept"' });
});

test('a task cannot inspect the main thread', async (t) => {
  const { run, outcomeOf } = await openLane(t, { threads: 1 });
  const outcome = await outcomeOf(await run(attack('inspect the main thread')));
  assert.match('error' in outcome ? outcome.error.message : '', /^Task code cannot inspect the main thread$/);
});

test('an endless log is cut, and neither the main thread nor a neighbour waits for it', async (t) => {
  const { lane, run, codeOf, lines } = await openLane(t);
  const delay = monitorEventLoopDelay({ resolution: 10 });
  const before = process.memoryUsage().rss;
  delay.enable();
  const noisy = await run(attack('log without end'));
  for (let count = 0; count < 20; count += 1) {
    const neighbour = heldTask({ do: 'return' });
    lane.accept([neighbour]);
    assert.equal(await codeOf(neighbour), 'success');
  }
  assert.equal(await codeOf(noisy), 'success');
  delay.disable();
  assert.ok(lines.length < 2000, `${lines.length} lines`);
  assert.ok(
    lines.some((line) => /^Log lines are dropped from here on: a task may write 1000 lines/.test(line)),
  );
  assert.match(lines.at(-1) ?? '', /^\d+ log line\(s\) of the task were dropped$/);
  assert.ok(delay.percentile(99) / 1e6 < 500, `${delay.percentile(99) / 1e6} ms`);
  assert.ok(process.memoryUsage().rss - before < 300 * MB);
});

test('of endless progress only some values are published, and the last one', async (t) => {
  const { run, codeOf, events } = await openLane(t, { threads: 1 });
  const values: unknown[] = [];
  events.on('progress', ({ value }) => void values.push(value));
  assert.equal(await codeOf(await run(attack('report progress without end'))), 'success');
  assert.ok(values.length > 3 && values.length < 50, `${values.length} values`);
  assert.equal(values.at(-1), 'last');
});

test('leftover code that throws forever is reported now and then, and its thread continues', async (t) => {
  const { run, codeOf, events } = await openLane(t, { threads: 1, tasksPerThread: 2 });
  let strays = 0;
  events.on('stray', () => {
    strays += 1;
  });
  assert.equal(await codeOf(await run(attack('throw for ever'))), 'success');
  assert.equal(await codeOf(await run({ do: 'sleep', ms: 1000 })), 'success');
  assert.ok(strays > 0 && strays <= 30, `${strays} strays`);
});

test('a log line is cut, and the readable part of details that are not JSON is shown', async (t) => {
  const { run, codeOf, events } = await openLane(t, { threads: 1 });
  const logged: { message: string; details: unknown }[] = [];
  events.on('log', ({ message, details }) => void logged.push({ message, details }));
  assert.equal(await codeOf(await run(attack('log what is large'))), 'success');
  assert.equal(logged.length, 2);
  const [large, circle] = logged;
  assert.match(large?.message ?? '', /^m{4000,4096}… \[cut, 50000000 characters\]$/);
  const details = JSON.stringify(large?.details);
  assert.match(details, /^\{"deep":"d+… \[cut, 50000000 characters\]"\}$/);
  assert.ok(details.length < 8192, `${details.length} characters`);
  assert.partialDeepStrictEqual(circle?.details, { self: '[circular]' });
});

test('an unreadable error fails only its task', async (t) => {
  const { run, codeOf, outcomeOf, givenBack } = await openLane(t, { threads: 1, tasksPerThread: 2 });
  const neighbour = await run({ do: 'sleep', ms: 500 });
  const outcome = await outcomeOf(await run(attack('throw what cannot be read')));
  assert.equal('error' in outcome && outcome.error.code, 'task_error');
  assert.equal(await codeOf(neighbour), 'success');
  await waitFor('nothing to be given back', () => givenBack.length === 0);
});
