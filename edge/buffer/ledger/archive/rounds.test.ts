import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { windowOf } from '../../../contract/task-id.ts';
import { HOUR, MINUTE, SECOND, testLedger } from '../testing.ts';
import { AT_ONCE, done, failed, purged, sealed, taken } from './archive.fixture.ts';

const WINDOW = 2 ** 16;
const DAY = 24 * HOUR;

describe('a round', () => {
  test('is open, then archived, then purgeable after five minutes, then gone', (t) => {
    const bed = testLedger(t);
    const window = sealed(bed, done(bed));
    const state = () => bed.ledger.openSeals(10);
    assert.deepEqual(state(), [{ window, round: 0, archived: false, purgeable: false }]);
    bed.ledger.markArchived(window, 0, { tasks: 1, upTo: null });
    bed.now += 5 * MINUTE - 1;
    assert.deepEqual(state(), [{ window, round: 1, archived: true, purgeable: false }]);
    bed.now += 1;
    assert.deepEqual(state(), [{ window, round: 1, archived: true, purgeable: true }]);
    bed.ledger.purge(window);
    assert.deepEqual(state(), []);
  });

  test('that failed is not listed until its retry is due', (t) => {
    const bed = testLedger(t);
    const window = sealed(bed, done(bed));
    bed.ledger.noteFailure('archive', window);
    assert.deepEqual(bed.ledger.openSeals(10), []);
    bed.now += MINUTE;
    assert.equal(bed.ledger.openSeals(10).length, 1);
  });

  test('is listed in the order in which the rounds were opened, up to the limit', (t) => {
    const bed = testLedger(t);
    const windows = Array.from({ length: 3 }, () => {
      bed.now += WINDOW;
      return windowOf(done(bed));
    });
    bed.now += HOUR;
    const order = windows.toReversed();
    for (const window of order) {
      bed.ledger.seal(window, AT_ONCE);
      bed.now += SECOND;
    }
    const listed = (limit: number) => bed.ledger.openSeals(limit).map(({ window }) => window);
    assert.deepEqual([listed(10), listed(2)], [order, order.slice(0, 2)]);
  });

  test('is marked once: a repeat does not delay the purge, and only an open round is marked', (t) => {
    const bed = testLedger(t);
    const id = done(bed);
    const end = { tasks: 1, upTo: null };
    bed.ledger.markArchived(windowOf(id), 0, end);
    const window = sealed(bed, id);
    bed.ledger.markArchived(window, 1, end);
    assert.equal(bed.ledger.openSeals(1)[0]?.archived, false);
    bed.ledger.markArchived(window, 0, end);
    bed.now += 4 * MINUTE;
    bed.ledger.markArchived(window, 0, end);
    bed.now += MINUTE;
    assert.deepEqual(bed.ledger.openSeals(1), [{ window, round: 1, archived: true, purgeable: true }]);
  });

  test('takes only tasks whose retention has passed when it is opened; types may have other retentions', (t) => {
    const bed = testLedger(t);
    const [old, noise] = [done(bed), done(bed, { type: 'noise' })];
    const alive = bed.add({ type: 'later' });
    bed.now += HOUR;
    const { leaseId } = bed.claim(['later']);
    bed.succeed(alive, leaseId);
    bed.now += HOUR / 2;
    const window = windowOf(old);
    bed.ledger.seal(window, { default: 2 * HOUR, types: { noise: HOUR } });
    assert.deepEqual(taken(bed, window), [noise]);
    purged(bed, window);
    bed.now += HOUR;
    bed.ledger.seal(window, { default: 2 * HOUR, types: {} });
    assert.deepEqual(taken(bed, window, 1), [old]);
    purged(bed, window);
    assert.equal(bed.state(alive), 'completed');
    assert.equal(bed.ledger.closable(AT_ONCE, 10, true).length, 1, 'What is left waits for a round');
  });

  test('does not take a cancelled task that its runner drops while the round is open', (t) => {
    const bed = testLedger(t);
    const ended = done(bed);
    const { id, leaseId } = bed.held({ type: 'b' }, { leaseSeconds: 7200 });
    bed.ledger.cancel(id);
    const window = sealed(bed, ended);
    assert.deepEqual(taken(bed, window), [ended]);
    bed.ledger.release(leaseId, [id]);
    assert.deepEqual(taken(bed, window), [ended]);
    purged(bed, window);
    assert.equal(bed.state(id), 'cancelled');
    bed.now += DAY;
    assert.deepEqual(bed.ledger.closable(AT_ONCE, 10), [{ window, sealed: true }]);
    bed.ledger.seal(window, AT_ONCE);
    assert.deepEqual(taken(bed, window, 1), [id]);
  });

  test('takes no task that ends within a second of its opening, in case the clock is set back', (t) => {
    const bed = testLedger(t);
    const { id, leaseId } = bed.held({ type: 'b' }, { leaseSeconds: 7200 });
    const window = sealed(bed, done(bed));
    bed.now -= 900;
    bed.succeed(id, leaseId);
    assert.ok(!taken(bed, window).includes(id));
  });

  test('that finds no tasks does not count, and ends without a wait', (t) => {
    const bed = testLedger(t);
    const id = failed(bed);
    bed.ledger.retry(id);
    const window = sealed(bed, id);
    assert.deepEqual(taken(bed, window), []);
    bed.ledger.markArchived(window, 0, { tasks: 0, upTo: null });
    assert.deepEqual(bed.ledger.purge(window), { more: false });
    assert.deepEqual([bed.ledger.openSeals(10), bed.ledger.closable(AT_ONCE, 10, true)], [[], []]);
    assert.deepEqual(bed.ledger.find(bed.task().id.replace(/^.{8}/, window)), { sealed: true, rounds: 0 });
  });

  test('leaves the rows after its last id to the next round', (t) => {
    const bed = testLedger(t);
    const [first = '', second = ''] = [done(bed), done(bed)];
    const window = sealed(bed, first);
    bed.ledger.markArchived(window, 0, { tasks: 1, upTo: first });
    bed.now += 5 * MINUTE;
    bed.ledger.purge(window);
    assert.deepEqual(bed.ledger.find(first), { sealed: true, rounds: 1 });
    assert.equal(bed.state(second), 'completed');
    bed.now += DAY;
    assert.deepEqual(bed.ledger.closable(AT_ONCE, 10), [{ window, sealed: true }]);
    bed.ledger.seal(window, AT_ONCE);
    assert.deepEqual(taken(bed, window, 1), [second]);
  });
});
