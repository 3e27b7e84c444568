import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { defineTask, NonRetryableError } from '../task.ts';
import { runTask } from './run-task.ts';

const payload = z.object({ n: z.number().default(1) });

test('a task runs with its checked payload, and its logs and progress are kept', async () => {
  const double = defineTask({
    type: 'double',
    lane: 'cpu',
    payload,
    timeoutSeconds: 5,
    env: ['FACTOR'],
    run({ n }, { attempt, env, log, progress, timeoutSeconds }) {
      progress({ half: true });
      log.info('Doubled', { n });
      return { n: n * Number(env.FACTOR), attempt, timeoutSeconds };
    },
  });
  const lines: unknown[] = [];
  const run = await runTask(
    double,
    {},
    { attempt: 2, env: { FACTOR: '2' }, onLog: (line) => lines.push(line) },
  );
  assert.deepEqual(run, {
    outcome: { status: 'completed', result: { n: 2, attempt: 2, timeoutSeconds: 5 } },
    logs: [{ level: 'info', message: 'Doubled', details: { n: 1 } }],
    progress: [{ half: true }],
  });
  assert.deepEqual(lines, run.logs);
});

const failing = (run: () => unknown) => defineTask({ type: 'failing', lane: 'io', payload, run });

test('a payload that does not match fails as it would in a runner', async () => {
  const { outcome } = await runTask(
    failing(() => 1),
    { n: 'one' },
  );
  assert.partialDeepStrictEqual(outcome, {
    status: 'failed',
    error: { code: 'invalid_payload', retryable: false },
  });
});

test('an error that the task throws becomes the outcome, and the outcome contains it', async () => {
  const thrown = new NonRetryableError('No');
  const { outcome } = await runTask(
    failing(() => {
      throw thrown;
    }),
    {},
  );
  const error = { code: 'task_error', message: 'No', retryable: false };
  assert.deepEqual(outcome, { status: 'failed', error, thrown });
});

test('a result that cannot be stored fails', async () => {
  const { outcome } = await runTask(
    failing(() => ({ at: 1n })),
    {},
  );
  assert.partialDeepStrictEqual(outcome, { status: 'failed', error: { code: 'invalid_result' } });
});
