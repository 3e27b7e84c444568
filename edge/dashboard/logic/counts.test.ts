import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countByStatus, countOf, formatCount, formatShortCount } from './counts.ts';

const COUNTS = { ready: 2, scheduled: 3, processing: 5, completed: 7, failed: 11, cancelled: 13 };

test('pending tasks are ready and scheduled tasks together', () => {
  assert.equal(countByStatus(COUNTS, 'pending'), 5);
  assert.equal(countByStatus(COUNTS, 'failed'), 11);
});

test('a count has separators, and a short form for narrow places', () => {
  assert.equal(formatCount(1_234_567), '1,234,567');
  assert.equal(formatShortCount(99_999), '99,999');
  assert.equal(formatShortCount(1_234_567), '1.2M');
});

test('a count agrees with its noun', () => {
  assert.equal(countOf(1, 'task'), '1 task');
  assert.equal(countOf(0, 'task'), '0 tasks');
  assert.equal(countOf(2, 'retry', 'retries'), '2 retries');
});
