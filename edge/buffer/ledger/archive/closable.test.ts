import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { submissionOf, windowEnd, windowOf } from '../../../contract/task-id.ts';
import { HOUR, MINUTE, SECOND, START, testLedger } from '../testing.ts';
import { AT_ONCE, done, failed, purged, sealed } from './archive.fixture.ts';

const WINDOW = 2 ** 16;
const DAY = 24 * HOUR;
const ONE_DAY = { default: DAY, types: {} };

describe('closable', () => {
  test('a window with an ended task is due two minutes after the time of its last id', (t) => {
    const bed = testLedger(t);
    bed.add({ type: 'alive' });
    const window = windowOf(done(bed));
    bed.now = windowEnd(window) + 2 * MINUTE - 1;
    assert.deepEqual(bed.ledger.closable(AT_ONCE, 10), []);
    bed.now += 1;
    assert.deepEqual(bed.ledger.closable(AT_ONCE, 10), [{ window, sealed: false }]);
  });

  test('a window is due after the retention of its first ended task plus 1/24 of the retention', (t) => {
    const bed = testLedger(t);
    const { id, leaseId } = bed.held({ type: 'late' });
    const window = windowOf(done(bed));
    bed.now += HOUR / 2;
    bed.ledger.settle([{ taskId: id, leaseId, success: true }]);
    bed.now = START + DAY + HOUR - 1;
    assert.deepEqual(bed.ledger.closable(ONE_DAY, 10), []);
    bed.now += 1;
    assert.deepEqual(bed.ledger.closable(ONE_DAY, 10), [{ window, sealed: false }]);
    assert.deepEqual(bed.ledger.closable({ default: 7 * DAY, types: {} }, 10), []);
    assert.equal(bed.ledger.closable({ default: 7 * DAY, types: { noise: HOUR } }, 10).length, 1);
  });

  test('a window becomes due regardless of how its task ended', (t) => {
    const bed = testLedger(t);
    const ends = [
      () => done(bed),
      () => failed(bed),
      () => {
        const id = bed.add({ type: 'waiting' });
        bed.ledger.cancel(id);
      },
      () => {
        const { id } = bed.held({ type: 'cancelled' });
        bed.ledger.cancel(id);
        bed.now += 40 * SECOND;
        bed.ledger.tick();
      },
      () => {
        const { id } = bed.task();
        bed.ledger.insertFailed({ id, type: 'refused', payload: '{}', reason: 'No such field' });
      },
    ];
    for (const end of ends) {
      end();
      bed.now += 2 * WINDOW;
    }
    bed.now += HOUR;
    assert.equal(bed.ledger.closable(AT_ONCE, 10).length, ends.length);
  });

  test('a window without ended tasks is not due', (t) => {
    const bed = testLedger(t);
    bed.add();
    bed.held({ type: 'b' }, { leaseSeconds: 3600 });
    bed.now += HOUR / 2;
    assert.deepEqual(bed.ledger.closable(AT_ONCE, 10), []);
  });

  test('the oldest windows come first, up to the limit, without windows that have an open round', (t) => {
    const bed = testLedger(t);
    const windows = Array.from({ length: 4 }, () => {
      bed.now += WINDOW;
      return windowOf(done(bed));
    });
    bed.now += HOUR;
    const listed = () => bed.ledger.closable(AT_ONCE, 2).map(({ window }) => window);
    assert.deepEqual(listed(), windows.slice(0, 2));
    bed.ledger.seal(windows[0] ?? '', AT_ONCE);
    assert.deepEqual(listed(), windows.slice(1, 3));
  });

  test('a thousand windows that are not due do not hide later windows', (t) => {
    const bed = testLedger(t);
    for (let count = 0; count < 1001; count += 1) {
      const window = windowOf(done(bed));
      bed.ledger.noteFailure('archive', window);
      bed.ledger.reserve(`key ${count}`, 'hash', submissionOf(bed.task().id));
      bed.now += WINDOW;
    }
    const window = windowOf(done(bed));
    bed.now += HOUR;
    // A call may scan only some of the windows. The next call continues there.
    const found = [1, 2, 3].flatMap(() => bed.ledger.closable(AT_ONCE, 10));
    assert.ok(found.some((one) => one.window === window));
  });

  test('a further round waits until the window is older by half, unless space is short', (t) => {
    const bed = testLedger(t);
    const later = bed.add({ type: 'later', runAt: START + HOUR });
    const window = sealed(bed, done(bed));
    const age = bed.now - windowEnd(window);
    const openedAt = bed.now;
    purged(bed, window);
    const { leaseId } = bed.claim(['later']);
    bed.succeed(later, leaseId);
    bed.now = openedAt + age / 2 - 1;
    assert.deepEqual(bed.ledger.closable(AT_ONCE, 10), []);
    assert.deepEqual(bed.ledger.closable(AT_ONCE, 10, true), [{ window, sealed: true }]);
    bed.now += 1;
    assert.deepEqual(bed.ledger.closable(AT_ONCE, 10), [{ window, sealed: true }]);
  });
});
