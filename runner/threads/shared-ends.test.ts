import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { heldTask } from '../testing/held-tasks.ts';
import { openLane } from '../testing/lanes/open-lane.ts';

test('tasks that end together on a shared thread report each end only once', async (t) => {
  const { lane, events, codeOf, acknowledgeAll } = await openLane(t, { threads: 1, tasksPerThread: 20 });
  const warnings: string[] = [];
  events.on('warned', ({ sentence }) => void warnings.push(sentence));
  for (let round = 0; round < 20; round += 1) {
    const tasks = Array.from({ length: 20 }, () => heldTask({ do: 'return' }));
    lane.accept(tasks);
    for (const task of tasks) assert.equal(await codeOf(task), 'success');
    acknowledgeAll();
    await turn();
  }
  assert.deepEqual(warnings, []);
});
