import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatAge, formatDuration } from './durations.ts';

test('a duration is written in its two largest units', () => {
  const written: [number, string][] = [
    [-5, '0 ms'],
    [0, '0 ms'],
    [999.4, '999 ms'],
    [1000, '1.0 s'],
    [3290, '3.2 s'],
    [9999, '9.9 s'],
    [59_999, '59 s'],
    [60_000, '1 m'],
    [725_000, '12 m 5 s'],
    [3_600_000, '1 h'],
    [7_500_000, '2 h 5 m'],
    [86_400_000 * 3 + 3_600_000 * 4, '3 d 4 h'],
  ];
  for (const [ms, text] of written) assert.equal(formatDuration(ms), text);
});

test('an age of a minute or more has no seconds', () => {
  assert.deepEqual([0, 59_999, 61_000, 3_599_000, 7_500_000].map(formatAge), [
    '0 s',
    '59 s',
    '1 m',
    '59 m',
    '2 h 5 m',
  ]);
});
