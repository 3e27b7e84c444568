import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readProgress } from './progress.ts';

test('a part of a whole is read from each form that tasks publish', () => {
  const read: [unknown, number, string][] = [
    [0, 0, '0 %'],
    [0.42, 0.42, '42 %'],
    [1, 1, '100 %'],
    [42, 0.42, '42 %'],
    [{ percent: 7, step: 'reading' }, 0.07, '7 %'],
    [{ percent: 0.5 }, 0.005, '1 %'],
    [{ progress: 0.5 }, 0.5, '50 %'],
    [{ done: 1500, total: 6000 }, 0.25, '1,500 of 6,000'],
    [{ processed: 5, total: 4 }, 1, '5 of 4'],
  ];
  for (const [value, fraction, label] of read) assert.deepEqual(readProgress(value), { fraction, label });
});

test('any other value is not a part of a whole', () => {
  for (const value of [
    undefined,
    null,
    'half',
    -1,
    101,
    Number.NaN,
    {},
    { rows: 7 },
    { done: 1, total: 0 },
    [1],
  ]) {
    assert.equal(readProgress(value), undefined, JSON.stringify(value));
  }
});
