import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Histogram } from './histogram.ts';

function of(...values: number[]): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.add(value);
  return histogram;
}

test('a quantile is accurate to a tenth, from zero to a month', () => {
  for (const value of [0, 1, 7, 99, 1500, 60_000, 30 * 24 * 3600_000]) {
    const seen = of(value).quantile(0.5);
    assert.ok(Math.abs(seen - value) <= Math.max(1, value / 10), `${value} is seen as ${seen}`);
  }
});

test('half of the values are at most the median, and 95 of a hundred are at most p95', () => {
  const values = Array.from({ length: 100 }, (_, index) => (index < 50 ? 10 : index < 95 ? 100 : 10_000));
  const histogram = of(...values);
  assert.ok(histogram.quantile(0.5) < 20);
  assert.ok(histogram.quantile(0.95) < 120);
  assert.ok(histogram.quantile(0.96) > 9000);
});

test('a histogram can be stored, read again and merged with another', () => {
  const histogram = new Histogram(of(10, 10, 10).toJson());
  histogram.merge(of(1000));
  assert.ok(histogram.quantile(0.75) < 12);
  assert.ok(histogram.quantile(0.76) > 900);
});

test('every quantile of an empty histogram is 0', () => {
  assert.equal(new Histogram().quantile(0.5), 0);
  assert.ok(new Histogram().isEmpty);
});
