import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runTask } from '@edge-task-queue/runner/testing';
import wordCount from './word-count.ts';

test('a task counts words', async () => {
  const { outcome, progress } = await runTask(wordCount, { text: 'to be or not to be' });
  assert.deepEqual(outcome, { status: 'completed', result: { words: 6 } });
  assert.deepEqual(progress, [{ words: 6 }]);
});

test('an empty text fails and is not retried', async () => {
  const { outcome } = await runTask(wordCount, { text: '' });
  assert.partialDeepStrictEqual(outcome, { status: 'failed', error: { retryable: false } });
});
