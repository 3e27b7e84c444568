import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NonRetryableError } from '../task.ts';
import task from './test-cpu.ts';
import { resultOf } from './testing/context.ts';

test('a test-cpu task keeps its thread busy for the requested time', async () => {
  let yielded = false;
  setImmediate(() => {
    yielded = true;
  });
  const start = performance.now();
  assert.deepEqual(await resultOf(task, { cpuMs: 20 }), { cpuMs: 20, attempt: 1 });
  assert.ok(performance.now() - start >= 20);
  assert.ok(!yielded);
});

test('a test-cpu task fails in the same way as a test task', async () => {
  await assert.rejects(resultOf(task, { shouldFail: true }), new NonRetryableError('Simulated task failure'));
  await assert.rejects(resultOf(task, { failTimes: 1 }), { name: 'Error' });
  assert.deepEqual(await resultOf(task, { failTimes: 1 }, { attempt: 2 }), { cpuMs: 0, attempt: 2 });
});
