import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { cronFault, isTimezone, slotAfter, slotBy, slotsBetween, type Timing } from './slots.ts';

const at = (time: string) => Date.parse(time);

/** The first planned times after a time, as ISO texts without seconds. */
function times(timing: Timing, after: string, count: number, anchor = 0): string[] {
  return slotsBetween(timing, anchor, at(after) + 1, Number.MAX_SAFE_INTEGER, count).map((slot) =>
    new Date(slot).toISOString().replace(/(:00)?\.000Z$/, ''),
  );
}

describe('cron', () => {
  test('five fields are minutes, in UTC by default', () => {
    assert.deepEqual(times({ cron: '30 3 * * *' }, '2026-01-01T00:00:00Z', 2), [
      '2026-01-01T03:30',
      '2026-01-02T03:30',
    ]);
  });

  test('six fields begin with seconds', () => {
    assert.deepEqual(times({ cron: '*/20 * * * * *' }, '2026-01-01T00:00:10Z', 3), [
      '2026-01-01T00:00:20',
      '2026-01-01T00:00:40',
      '2026-01-01T00:01',
    ]);
  });

  test('a leap day runs in leap years only', () => {
    assert.deepEqual(times({ cron: '0 12 29 2 *' }, '2026-01-01T00:00:00Z', 2), [
      '2028-02-29T12:00',
      '2032-02-29T12:00',
    ]);
  });
});

describe('daylight saving', () => {
  const cases = [
    // A fixed time that does not exist runs at the first instant that does.
    ['Europe/Berlin', '30 2 * * *', '2027-03-27T12:00:00Z', ['2027-03-28T01:00', '2027-03-29T00:30']],
    ['America/New_York', '30 2 * * *', '2027-03-13T12:00:00Z', ['2027-03-14T07:00', '2027-03-15T06:30']],
    ['Australia/Lord_Howe', '15 2 * * *', '2027-10-02T12:00:00Z', ['2027-10-02T15:30', '2027-10-03T15:15']],
    // A fixed time that exists twice runs once.
    ['Europe/Berlin', '30 2 * * *', '2027-10-30T12:00:00Z', ['2027-10-31T00:30', '2027-11-01T01:30']],
    ['America/New_York', '30 1 * * *', '2027-11-06T12:00:00Z', ['2027-11-07T05:30', '2027-11-08T06:30']],
    ['Australia/Lord_Howe', '45 1 * * *', '2027-04-03T12:00:00Z', ['2027-04-03T14:45', '2027-04-04T15:15']],
    // Wildcards run through.
    ['Europe/Berlin', '0 * * * *', '2027-10-30T23:30:00Z', ['2027-10-31T00:00', '2027-10-31T01:00']],
    ['Europe/Berlin', '*/30 * * * *', '2027-03-28T00:10:00Z', ['2027-03-28T00:30', '2027-03-28T01:00']],
  ] as const;
  for (const [timezone, cron, after, expected] of cases) {
    test(`${cron} in ${timezone} after ${after}`, () => {
      assert.deepEqual(times({ cron, timezone }, after, expected.length), expected);
    });
  }
});

describe('intervals', () => {
  test('the first run is one interval after the anchor', () => {
    const anchor = at('2026-01-01T00:00:05Z');
    assert.deepEqual(times({ everySeconds: 90 }, '2026-01-01T00:00:05Z', 2, anchor), [
      '2026-01-01T00:01:35',
      '2026-01-01T00:03:05',
    ]);
    assert.equal(slotBy({ everySeconds: 90 }, anchor, anchor + 89_999), null);
  });

  test('startAt is the first run, and runs count from it', () => {
    const timing = { everySeconds: 3600, startAt: '2026-01-02T00:30:00Z' };
    assert.deepEqual(times(timing, '2026-01-01T00:00:00Z', 2), ['2026-01-02T00:30', '2026-01-02T01:30']);
    assert.equal(slotBy(timing, 0, at('2026-01-02T00:29:59Z')), null);
  });

  test('no run is after endAt', () => {
    const timing = { everySeconds: 60, startAt: '2026-01-01T00:00:00Z', endAt: '2026-01-01T00:01:00Z' };
    assert.deepEqual(times(timing, '2025-01-01T00:00:00Z', 9), ['2026-01-01T00:00', '2026-01-01T00:01']);
    assert.equal(slotBy(timing, 0, at('2027-01-01T00:00:00Z')), at('2026-01-01T00:01:00Z'));
  });
});

test('the last time by a moment and the first after it are neighbours', () => {
  const crons = [
    '30 2 * * *',
    '*/7 3 * * *',
    '0 * * * *',
    '* * * * * *',
    '15 1,2,3 * * *',
    '0 9 * * 1-5',
    '0 0 1 * *',
  ];
  const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu'];
  const timing = fc.oneof(
    fc.record({ cron: fc.constantFrom(...crons), timezone: fc.constantFrom(...zones) }),
    fc.record({
      everySeconds: fc.integer({ min: 1, max: 100_000 }),
      startAt: fc.constant('2020-01-01T00:00:00Z'),
    }),
  );
  const moment = fc.integer({ min: at('2026-01-01T00:00:00Z'), max: at('2028-01-01T00:00:00Z') });
  fc.assert(
    fc.property(timing, moment, (timing, now) => {
      const before = slotBy(timing, 0, now);
      const after = slotAfter(timing, 0, now);
      assert.ok(before !== null && before <= now && after !== null && after > now);
      assert.equal(slotAfter(timing, 0, before), after);
      assert.equal(slotAfter(timing, 0, before - 1), before);
      assert.equal(slotBy(timing, 0, after - 1), before);
    }),
    { numRuns: 300 },
  );
});

describe('a cron expression is refused with its field and the reason', () => {
  const cases = [
    ['61 * * * *', /^The minute "61" is not valid: Invalid value for minute: 61$/],
    ['* 25 * * *', /^The hour "25" is not valid: /],
    ['70 * * * * *', /^The second "70" is not valid: /],
    ['* * * abc *', /^The month "abc" is not valid: /],
    ['* * * *', /^Expected five fields, or six with seconds first, got 4$/],
    ['@daily', /got 1$/],
    ['0 0 31 2 *', /^No time matches this expression$/],
  ] as const;
  for (const [cron, reason] of cases) test(cron, () => assert.match(cronFault(cron) ?? '', reason));
});

test('a valid cron expression has no fault', () => {
  for (const cron of ['*/5 * * * *', '0 0 29 2 *', '0 9 * * MON-FRI', '0 0 L * *', '15 */2 * * * *']) {
    assert.equal(cronFault(cron), undefined, cron);
  }
});

test('a time zone is a name that the runtime knows', () => {
  assert.ok(isTimezone('Europe/Berlin'));
  assert.ok(!isTimezone('Mars/Phobos'));
});
