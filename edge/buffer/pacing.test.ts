import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { nextSpace, Pacing } from './pacing.ts';

const MAX_SPACE_MS = 2000;

/** Counts `rate` calls per second for some seconds. Returns the last requested pause. */
function load(pacing: Pacing, rate: number, seconds: number, from = 0): number {
  let space = 0;
  for (let call = 0; call < rate * seconds; call += 1) {
    space = pacing.count(from + (call * 1000) / rate) ?? 0;
  }
  return space;
}

describe('the pause that a ledger asks for', () => {
  test('is zero below 100 calls per second', () => {
    assert.equal(nextSpace(0, 1), 0);
    assert.equal(load(new Pacing(), 90, 10), 0);
  });

  test('grows with the load, up to two seconds', () => {
    assert.equal(nextSpace(0, 2), 40);
    assert.equal(nextSpace(200, 5), 1000);
    assert.equal(nextSpace(1000, 50), MAX_SPACE_MS);
    assert.equal(load(new Pacing(), 500, 20), MAX_SPACE_MS, 'from callers that ignore the pause');
  });

  test('shrinks with the load, down to zero', () => {
    assert.equal(nextSpace(1000, 0.5), 500);
    assert.equal(nextSpace(30, 0.5), 0);
    const pacing = new Pacing();
    load(pacing, 500, 5);
    assert.equal(load(pacing, 5, 20, 5000), 0);
  });

  test('is zero for the first call after a silence', () => {
    const pacing = new Pacing();
    assert.equal(load(pacing, 500, 5), MAX_SPACE_MS);
    assert.equal(pacing.count(20_000), undefined);
  });
});

/** The number of calls of 50 runners in 30 s. The pause has ten seconds before that to become stable. */
function callsOfRunners(keepsPause: boolean): { calls: number; spaceMs: number } {
  const RUNNERS = 50;
  const ROUND_TRIP_MS = 10;
  const [from, end] = [10_000, 40_000];
  const pacing = new Pacing();
  const due = Array.from({ length: RUNNERS }, (_, runner) => ({ claim: runner, report: runner + 5 }));
  let [calls, spaceMs] = [0, 0];
  const call = (now: number): number => {
    spaceMs = pacing.count(now) ?? 0;
    if (now >= from) calls += 1;
    return now + Math.max(ROUND_TRIP_MS, keepsPause ? spaceMs : 0);
  };
  for (let now = 0; now < end; now += 1) {
    for (const runner of due) {
      if (runner.claim <= now) runner.claim = call(now);
      if (runner.report <= now) runner.report = call(now);
    }
  }
  return { calls, spaceMs };
}

test('50 busy runners make about 100 calls per second, not 10,000', () => {
  assert.equal(callsOfRunners(false).calls, 300_000);
  const { calls, spaceMs } = callsOfRunners(true);
  assert.ok(calls > 2000 && calls < 4000, `${calls} calls in 30 s`);
  assert.ok(spaceMs > 800 && spaceMs < 1200, `a pause of ${spaceMs} ms`);
});
