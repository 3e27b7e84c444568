import assert from 'node:assert/strict';
import { test } from 'node:test';
import { max, mean, min, sampleStandardDeviation } from 'simple-statistics';
import { Column } from './column.ts';
import { seededRandom } from './random.ts';

test('a column longer than a chunk has the same summary as the whole column in memory', () => {
  const random = seededRandom(7);
  const values = Array.from({ length: 5000 }, () => 1e6 + random());
  const column = new Column('x');
  for (const [row, value] of values.entries()) column.add(String(value), row);
  const summary = column.summary();
  assert.equal(summary?.count, values.length);
  assert.equal(summary.min, min(values));
  assert.equal(summary.max, max(values));
  assert.ok(Math.abs(summary.mean - mean(values)) < 1e-6);
  assert.ok(Math.abs(summary.standardDeviation - sampleStandardDeviation(values)) < 1e-6);
});

test('missing values are counted separately', () => {
  const column = new Column('x');
  for (const [row, value] of ['1', '', 'NA', ' ', 'null', '3'].entries()) column.add(value, row);
  assert.deepEqual(column.summary(), {
    name: 'x',
    count: 2,
    missing: 4,
    mean: 2,
    standardDeviation: Math.SQRT2,
    min: 1,
    max: 3,
  });
});

test('a column with a value that is not a number is not numeric', () => {
  const column = new Column('x');
  for (const [row, value] of ['1', 'two', '3', 'four'].entries()) column.add(value, row);
  assert.equal(column.summary(), undefined);
  assert.deepEqual(column.firstText, { row: 1, value: 'two' });
});

test('a column without any value is not numeric', () => {
  assert.equal(new Column('x').summary(), undefined);
});
