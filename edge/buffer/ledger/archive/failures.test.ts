import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOUR, MINUTE, START, testLedger } from '../testing.ts';

test('a failing step is retried after a delay that doubles, up to an hour', (t) => {
  const bed = testLedger(t);
  const waits = Array.from({ length: 8 }, () => {
    assert.equal(bed.ledger.noteFailure('sweep', 'one'), true);
    const [failure] = bed.ledger.failures();
    return ((failure?.retryAt ?? 0) - bed.now) / MINUTE;
  });
  assert.deepEqual(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
});

test('a failure keeps the time of its first occurrence until it is cleared', (t) => {
  const bed = testLedger(t);
  bed.ledger.noteFailure('archive', 'window');
  bed.now += HOUR;
  bed.ledger.noteFailure('archive', 'window');
  const [failure, ...others] = bed.ledger.failures();
  assert.deepEqual([failure?.since, failure?.failures, others], [START, 2, []]);
  bed.ledger.clearFailure('sweep', 'window');
  assert.equal(bed.ledger.failures().length, 1);
  bed.ledger.clearFailure('archive', 'window');
  assert.deepEqual(bed.ledger.failures(), []);
});

test('a step stores up to a thousand failures and returns false for another one', (t) => {
  const bed = testLedger(t);
  const noted = Array.from({ length: 1001 }, (_, n) => bed.ledger.noteFailure('sweep', `submission ${n}`));
  assert.deepEqual([noted[999], noted[1000]], [true, false]);
  assert.equal(bed.ledger.noteFailure('sweep', 'submission 0'), true);
  assert.equal(bed.ledger.noteFailure('archive', 'window'), true);
});
