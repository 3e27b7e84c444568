import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeLatency, describeThroughput, lastHour, roundDurations } from './chart-data.ts';

const NOW = Date.UTC(2026, 0, 1, 12, 30, 40);
const writeMinute = (at: number) => new Date(at).toISOString().slice(11, 16);
const stats = (minute: string, completed: number, failed = 0) => ({
  minute: `2026-01-01T${minute}:00.000Z`,
  completed,
  failed,
  waitMs: { p50: 20, p95: 300 },
});

test('an hour has sixty minutes, including those in which nothing ended', () => {
  const hour = lastHour([stats('11:30', 9), stats('11:31', 1), stats('12:30', 2, 3)], NOW);
  assert.equal(hour.length, 60);
  assert.equal(writeMinute(hour[0]?.at ?? 0), '11:31');
  assert.equal(hour[0]?.completed, 1);
  assert.deepEqual(hour.at(-1), {
    at: Date.UTC(2026, 0, 1, 12, 30),
    completed: 2,
    failed: 3,
    wait: { p50: 20, p95: 300 },
    run: null,
  });
  assert.equal(hour.filter(({ completed }) => completed === 0).length, 58);
});

test('the hour is described in a sentence', () => {
  const hour = lastHour([stats('12:00', 1200, 10), stats('12:30', 2, 3)], NOW);
  assert.equal(
    describeThroughput(hour, writeMinute),
    'In the last hour 1,202 tasks completed and 13 failed. The busiest minute was 12:00, with 1,210 tasks.',
  );
  assert.equal(
    describeLatency(
      'Wait',
      hour.map(({ wait }) => wait),
      hour,
      writeMinute,
    ),
    'Wait at 12:30: half within 20 ms, 95 of 100 within 300 ms.',
  );
  const idle = lastHour([], NOW);
  assert.equal(describeThroughput(idle, writeMinute), 'No task has ended in the last hour.');
  assert.match(
    describeLatency(
      'Run',
      idle.map(({ run }) => run),
      idle,
      writeMinute,
    ),
    /No attempt/,
  );
});

test('the round durations enclose all values', () => {
  assert.deepEqual(roundDurations([20, 300]), [10, 100, 1000]);
  assert.deepEqual(roundDurations([10, 1000]), [10, 100, 1000]);
  assert.deepEqual(roundDurations([5]), [1, 10]);
  assert.deepEqual(roundDurations([0.2]), [1, 10]);
  assert.deepEqual(roundDurations([100]), [100, 1000]);
  assert.deepEqual(roundDurations([]), [10, 100, 1000]);
  assert.deepEqual(roundDurations([2e9]).at(-1), 864_000_000);
});
