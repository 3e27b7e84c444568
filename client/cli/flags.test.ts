import assert from 'node:assert/strict';
import { test } from 'node:test';
import { numberOf, secondsOf, timeOf } from './flags.ts';

test('a number is read, and any other text is refused', () => {
  assert.deepEqual(['1', '-2.5', '1e3'].map(numberOf('limit')), [1, -2.5, 1000]);
  for (const text of ['', ' ', 'many', '1s', 'Infinity']) {
    assert.throws(() => numberOf('limit')(text), {
      message: `--limit: Expected a number, got ${JSON.stringify(text)}`,
    });
  }
});

const NOW = Date.UTC(2026, 0, 31, 12);
const DURATIONS = [
  ['90s', 90],
  ['1.5m', 90],
  ['2h', 7200],
  ['7d', 604_800],
] as const;

test('a time is a date, or a duration before or after now', () => {
  for (const direction of ['ago', 'ahead'] as const) {
    const read = timeOf('at', direction, () => NOW);
    assert.equal(read('2026-01-31T12:00:00+01:00'), '2026-01-31T11:00:00.000Z');
    assert.equal(read('2026-01-31'), '2026-01-31T00:00:00.000Z');
    for (const [text, seconds] of DURATIONS) {
      const away = direction === 'ago' ? -seconds : seconds;
      assert.equal(Date.parse(read(text)) - NOW, away * 1000, `${text} ${direction}`);
    }
  }
});

test('a text that is not a time is refused', () => {
  for (const text of ['', 'soon', '2x', '-1h', '7', '2026', '2026-13-01', '99999999999d']) {
    assert.throws(
      () => timeOf('since', 'ago')(text),
      /^Error: --since: Expected a time such as 2026-01-31T12:00:00Z, or a duration before now, such as/,
      text,
    );
  }
  assert.throws(
    () => timeOf('run-at', 'ahead')('soon'),
    /, or a duration from now, such as 30m, 2h or 7d, got "soon"$/,
  );
});

test('a duration is a number of seconds, or a number with a unit', () => {
  for (const [text, seconds] of [...DURATIONS, ['90', 90], ['0.5', 0.5]] as const) {
    assert.equal(secondsOf('delay')(text), seconds);
  }
  for (const text of ['', 'soon', '1 h', '2w', '-1h']) {
    assert.throws(() => secondsOf('delay')(text), {
      message: `--delay: Expected a number of seconds, or a duration such as 90s, 30m, 2h or 7d, got ${JSON.stringify(text)}`,
    });
  }
});
