import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NonRetryableError } from '../task.ts';
import task from './test.ts';
import { resultOf } from './testing/context.ts';

test('a test task with an empty payload succeeds at once', async () => {
  assert.deepEqual(await resultOf(task, {}), { durationMs: 0, attempt: 1 });
});

test('a test task logs how long it works', async () => {
  const lines: string[] = [];
  const onLog = ({ level, message }: { level: string; message: string }) =>
    void lines.push(`${level} ${message}`);
  await resultOf(task, { durationMs: 1 }, { onLog });
  assert.deepEqual(lines, ['info Simulating test work for 1ms...']);
});

test('a test task fails permanently with the requested message', async () => {
  await assert.rejects(
    resultOf(task, { shouldFail: true, errorMessage: 'Simulated failure for testing' }),
    new NonRetryableError('Simulated failure for testing'),
  );
});

test('a test task fails permanently with a default message if none is given', async () => {
  await assert.rejects(resultOf(task, { shouldFail: true }), new NonRetryableError('Simulated task failure'));
});

test('a test task fails its first attempts with retryable errors, and then succeeds', async () => {
  for (const attempt of [1, 2]) {
    await assert.rejects(
      resultOf(task, { failTimes: 2 }, { attempt }),
      (error) => error instanceof Error && !(error instanceof NonRetryableError),
    );
  }
  assert.deepEqual(await resultOf(task, { failTimes: 2 }, { attempt: 3 }), { durationMs: 0, attempt: 3 });
});

test('an abort ends the wait of a test task', async () => {
  const abort = new AbortController();
  const running = resultOf(task, { durationMs: 600_000 }, { signal: abort.signal });
  abort.abort();
  await assert.rejects(running, { name: 'AbortError' });
});

test('unknown keys are allowed', () => {
  assert.ok(task.payload.safeParse({ label: 'anything' }).success);
});

test('a negative duration is refused', () => {
  assert.ok(!task.payload.safeParse({ durationMs: -1 }).success);
});
