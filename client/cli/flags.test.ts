import assert from 'node:assert/strict';
import { test } from 'node:test';
import { numberOf, timeOf } from './flags.ts';

test('a number is read, and what is none is refused', () => {
  assert.deepEqual(['1', '-2.5', '1e3'].map(numberOf('limit')), [1, -2.5, 1000]);
  for (const text of ['', ' ', 'many', '1s', 'Infinity']) {
    assert.throws(() => numberOf('limit')(text), {
      message: `--limit: Expected a number, got ${JSON.stringify(text)}`,
    });
  }
});

test('a time is a date, or how long ago it was', () => {
  assert.equal(timeOf('since')('2026-01-31T12:00:00+01:00'), '2026-01-31T11:00:00.000Z');
  assert.equal(timeOf('since')('2026-01-31'), '2026-01-31T00:00:00.000Z');
  for (const [text, ms] of [
    ['90s', 90_000],
    ['1.5m', 90_000],
    ['2h', 7_200_000],
    ['7d', 604_800_000],
  ] as const) {
    const before = Date.now() - ms;
    const at = Date.parse(timeOf('since')(text));
    assert.ok(at >= before && at <= Date.now() - ms, text);
  }
  for (const text of ['', 'soon', '2x', '-1h']) {
    assert.throws(
      () => timeOf('since')(text),
      /^Error: --since: Expected a time such as 2026-01-31T12:00:00Z, or how long ago/,
    );
  }
});
