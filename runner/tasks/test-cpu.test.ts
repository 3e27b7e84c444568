import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NonRetryableError } from '../task.ts';
import task from './test-cpu.ts';
import { runTask } from './testing/context.ts';

test('it keeps its thread busy for the time asked for', async () => {
  let yielded = false;
  setImmediate(() => {
    yielded = true;
  });
  const start = performance.now();
  const running = runTask(task, { cpuMs: 20 });
  assert.ok(performance.now() - start >= 20);
  assert.ok(!yielded);
  assert.deepEqual(await running, { cpuMs: 20, attempt: 1 });
});

test('it fails as a task of type test does', async () => {
  await assert.rejects(runTask(task, { shouldFail: true }), new NonRetryableError('Simulated task failure'));
  await assert.rejects(runTask(task, { failTimes: 1 }), { name: 'Error' });
  assert.deepEqual(await runTask(task, { failTimes: 1 }, { attempt: 2 }), { cpuMs: 0, attempt: 2 });
});
