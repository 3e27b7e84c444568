import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatTime, fromLocalInput, toLocalInput } from './times.ts';

const NOON = new Date(2026, 0, 3, 12, 4, 5).getTime();

test('a time has a date only if it is not today', () => {
  assert.equal(formatTime(NOON, NOON + 60_000), '12:04:05');
  assert.equal(formatTime(NOON, NOON + 86_400_000), '3 Jan, 12:04:05');
});

test('a time that is written into an input of local time is read unchanged', () => {
  const iso = new Date(NOON).toISOString();
  assert.equal(toLocalInput(iso), '2026-01-03T12:04:05');
  assert.equal(fromLocalInput(toLocalInput(iso)), iso);
  assert.equal(fromLocalInput('2026-01-03T12:04'), new Date(2026, 0, 3, 12, 4).toISOString());
});

test('a text that is not a time is neither written nor read', () => {
  assert.equal(toLocalInput('soon'), '');
  assert.equal(fromLocalInput(''), undefined);
  assert.equal(fromLocalInput('soon'), undefined);
});
