import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wordsOf } from './words.ts';

test('planned times are told in words', () => {
  assert.equal(wordsOf({ cron: '30 3 * * *' }), 'At 03:30');
  assert.equal(wordsOf({ cron: '*/5 * * * *' }), 'Every 5 minutes');
  assert.equal(wordsOf({ everySeconds: 1 }), 'Every second');
  assert.equal(wordsOf({ everySeconds: 90 }), 'Every 90 seconds');
  assert.equal(wordsOf({ everySeconds: 7200 }), 'Every 2 hours');
  assert.equal(wordsOf({ everySeconds: 86_400 }), 'Every day');
});
