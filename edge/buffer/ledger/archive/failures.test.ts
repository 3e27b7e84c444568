import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOUR, MINUTE, START, testLedger } from '../testing.ts';

test('what fails is tried again after a time that doubles, an hour at most', (t) => {
  const bed = testLedger(t);
  const waits = Array.from({ length: 8 }, () => {
    assert.equal(bed.ledger.noteFailure('sweep', 'one'), true);
    const [failure] = bed.ledger.failures();
    return ((failure?.retryAt ?? 0) - bed.now) / MINUTE;
  });
  assert.deepEqual(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
});

test('a failure is known since it came first, until it is cleared', (t) => {
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

test('a step remembers a thousand failures, and says when it has no room for another', (t) => {
  const bed = testLedger(t);
  const noted = Array.from({ length: 1001 }, (_, n) => bed.ledger.noteFailure('sweep', `submission ${n}`));
  assert.deepEqual([noted[999], noted[1000]], [true, false]);
  assert.equal(bed.ledger.noteFailure('sweep', 'submission 0'), true);
  assert.equal(bed.ledger.noteFailure('archive', 'window'), true);
});
