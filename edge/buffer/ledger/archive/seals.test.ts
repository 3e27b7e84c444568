import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { submissionOf, taskIdAt, windowEnd, windowOf } from '../../../contract/task-id.ts';
import { HOUR, MINUTE, SECOND, START, testLedger } from '../testing.ts';
import { AT_ONCE, done, failed, purged, sealed, taken } from './archive.fixture.ts';

const WINDOW = 2 ** 16;
const DAY = 24 * HOUR;
const ONE_DAY = { default: DAY, types: {} };

describe('closable', () => {
  test('a window is due two minutes after its last id was made, once a task of it has ended', (t) => {
    const bed = testLedger(t);
    bed.add({ type: 'alive' });
    const window = windowOf(done(bed));
    bed.now = windowEnd(window) + 2 * MINUTE - 1;
    assert.deepEqual(bed.ledger.closable(AT_ONCE, 10), []);
    bed.now += 1;
    assert.deepEqual(bed.ledger.closable(AT_ONCE, 10), [{ window, sealed: false }]);
  });

  test('a window is due when the retention of its first ended task has passed, and a grace of its 24th part', (t) => {
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

  test('every way in which a task ends makes its window due', (t) => {
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

  test('a window in which nothing has ended is not due', (t) => {
    const bed = testLedger(t);
    bed.add();
    bed.held({ type: 'b' }, { leaseSeconds: 3600 });
    bed.now += HOUR / 2;
    assert.deepEqual(bed.ledger.closable(AT_ONCE, 10), []);
  });

  test('the oldest come first, as many as asked for, those with an open round left out', (t) => {
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

  test('a thousand windows that are not due do not hide those after them', (t) => {
    const bed = testLedger(t);
    for (let count = 0; count < 1001; count += 1) {
      const window = windowOf(done(bed));
      bed.ledger.noteFailure('archive', window);
      bed.ledger.reserve(`key ${count}`, 'hash', submissionOf(bed.task().id));
      bed.now += WINDOW;
    }
    const window = windowOf(done(bed));
    bed.now += HOUR;
    // One call may look at part of them and the next go on from there.
    const found = [1, 2, 3].flatMap(() => bed.ledger.closable(AT_ONCE, 10));
    assert.ok(found.some((one) => one.window === window));
  });

  test('a further round waits until the window is older by half, unless room is short', (t) => {
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

describe('seal', () => {
  test('a window is not closed before KV shows all its records', (t) => {
    const bed = testLedger(t);
    const window = windowOf(done(bed));
    assert.equal(bed.ledger.seal(window, AT_ONCE), false);
    bed.now = windowEnd(window) + 2 * MINUTE;
    assert.equal(bed.ledger.seal(window, AT_ONCE), true);
  });

  test('a window is not closed while a key is reserved for a submission of it', (t) => {
    const bed = testLedger(t);
    const window = windowOf(done(bed));
    const submission = submissionOf(bed.task().id);
    bed.ledger.reserve('key', 'hash', submission);
    bed.now += HOUR;
    assert.deepEqual([bed.ledger.closable(AT_ONCE, 10), bed.ledger.seal(window, AT_ONCE)], [[], false]);
    bed.ledger.markAccepted('key', submission);
    assert.equal(bed.ledger.seal(window, AT_ONCE), true);
  });

  test('a window is not closed while a submission of it, or all of it, could not be swept', (t) => {
    const bed = testLedger(t);
    const window = windowOf(done(bed));
    bed.now += HOUR;
    for (const name of [window, submissionOf(bed.task().id).replace(/^.{8}/, window)]) {
      bed.ledger.noteFailure('sweep', name);
      assert.deepEqual([bed.ledger.closable(AT_ONCE, 10), bed.ledger.seal(window, AT_ONCE)], [[], false]);
      bed.ledger.clearFailure('sweep', name);
    }
    assert.equal(bed.ledger.seal(window, AT_ONCE), true);
  });

  test('while a round is open another call changes nothing', (t) => {
    const bed = testLedger(t);
    const window = sealed(bed, done(bed));
    const before = bed.sql.exec('SELECT * FROM seals');
    bed.now += MINUTE;
    assert.equal(bed.ledger.seal(window, ONE_DAY), true);
    assert.deepEqual(bed.sql.exec('SELECT * FROM seals'), before);
  });

  test('inserts into a closed window are ignored, those into others in the same call are not', (t) => {
    const bed = testLedger(t);
    const late = bed.task();
    const window = sealed(bed, done(bed));
    const other = bed.task();
    bed.ledger.insert([late, other]);
    assert.deepEqual(bed.ledger.find(late.id), { sealed: true, rounds: 0 });
    assert.equal(bed.state(other.id), 'ready');
    bed.ledger.insertFailed({ id: late.id, type: 'a', payload: '{}', reason: 'No such field' });
    assert.deepEqual(bed.ledger.find(late.id), { sealed: true, rounds: 0 });
    purged(bed, window);
    bed.ledger.insert([late]);
    assert.deepEqual(bed.ledger.find(late.id), { sealed: true, rounds: 1 });
  });

  test('what lives in a closed window runs, is cancelled and is retried as any other', (t) => {
    const bed = testLedger(t);
    const [ready, waiting] = [bed.add({ type: 'ready' }), bed.add({ type: 'waiting' })];
    const window = sealed(bed, done(bed));
    const { leaseId, ids } = bed.claim(['ready']);
    assert.deepEqual(ids, [ready]);
    bed.fail(ready, leaseId, { error: { code: 'broken', message: 'It broke', retryable: false } });
    assert.deepEqual(bed.ledger.retry(ready), { retried: true });
    assert.deepEqual(bed.ledger.cancel(waiting), { changed: true });
    assert.deepEqual(bed.states([ready, waiting]), ['ready', 'cancelled']);
    purged(bed, window);
    assert.deepEqual(bed.states([ready, waiting]), ['ready', 'cancelled']);
    assert.deepEqual(bed.ledger.retry(waiting), { retried: true });
  });

  test('retry and cancel of a row of an open round answer so and change nothing, the row there or gone', (t) => {
    const bed = testLedger(t);
    const gone = bed.add();
    bed.ledger.cancel(gone);
    const ids = [failed(bed), done(bed), gone];
    const unknown = bed.task().id;
    const window = sealed(bed, gone);
    const before = ids.map((id) => bed.row(id));
    const answers = () => [...ids, unknown].flatMap((id) => [bed.ledger.retry(id), bed.ledger.cancel(id)]);
    assert.ok(answers().every((answer) => 'sealed' in answer));
    for (const state of ['failed', 'cancelled'] as const) {
      assert.deepEqual(bed.ledger.retryMany({ state, since: 0, limit: 10 }).changed, []);
    }
    assert.deepEqual(
      ids.map((id) => bed.row(id)),
      before,
    );
    purged(bed, window);
    assert.ok(answers().every((answer) => 'sealed' in answer));
  });

  test('a repeated report of a closed window still gets the first answer, until its row is gone', (t) => {
    const bed = testLedger(t);
    const { id, leaseId } = bed.held();
    bed.succeed(id, leaseId);
    const window = sealed(bed, id);
    assert.equal(bed.succeed(id, leaseId).state, 'completed');
    purged(bed, window);
    assert.equal(bed.succeed(id, leaseId).state, 'unknown');
  });
});

describe('a round', () => {
  test('is open, then archived, then purgeable five minutes after, then gone', (t) => {
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

  test('that failed is left out until it is tried again', (t) => {
    const bed = testLedger(t);
    const window = sealed(bed, done(bed));
    bed.ledger.noteFailure('archive', window);
    assert.deepEqual(bed.ledger.openSeals(10), []);
    bed.now += MINUTE;
    assert.equal(bed.ledger.openSeals(10).length, 1);
  });

  test('open rounds come in the order of their opening, as many as asked for', (t) => {
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

  test('is marked once: a repeat does not put off the purge, and nothing is marked that is not open', (t) => {
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

  test('takes what had ended by its time, by that of its type, and nothing that ends later', (t) => {
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

  test('takes no cancelled task that its runner drops while it is open', (t) => {
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

  test('takes nothing that ends in the second of its opening, lest the clock be set back', (t) => {
    const bed = testLedger(t);
    const { id, leaseId } = bed.held({ type: 'b' }, { leaseSeconds: 7200 });
    const window = sealed(bed, done(bed));
    bed.now -= 900;
    bed.succeed(id, leaseId);
    assert.ok(!taken(bed, window).includes(id));
  });

  test('that finds nothing counts for none, and is over without a wait', (t) => {
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

describe('incomplete', () => {
  test('the submissions of which a task is missing, closed windows aside', (t) => {
    const bed = testLedger(t);
    const two = submissionOf(bed.task().id);
    const both = [0, 1].map((index) => ({ ...bed.task(), id: taskIdAt(two, index) }));
    const whole = submissionOf(bed.add());
    const none = submissionOf(bed.task().id);
    bed.ledger.insert(both.slice(0, 1));
    const counts = [
      { submission: none, tasks: 1 },
      { submission: two, tasks: 2 },
      { submission: whole, tasks: 1 },
    ];
    assert.deepEqual(bed.ledger.incomplete(counts), [none, two]);
    bed.ledger.insert(both);
    assert.deepEqual(bed.ledger.incomplete(counts), [none]);
    for (const { id } of both) bed.ledger.cancel(id);
    bed.ledger.cancel(taskIdAt(whole, 0));
    purged(bed, sealed(bed, two));
    assert.deepEqual(bed.ledger.incomplete(counts), []);
  });
});

test('a task that could not be taken in is kept as failed with the reason, and is not run', (t) => {
  const bed = testLedger(t);
  const { id } = bed.task();
  bed.ledger.insertFailed({ id, type: 'a', payload: '{"n":1}', reason: 'No such field' });
  const { state, payload, error, completedAt, attempt } = bed.row(id);
  assert.deepEqual([state, payload, completedAt, attempt], ['failed', '{"n":1}', START, 0]);
  assert.deepEqual(error, { code: 'invalid_task', message: 'No such field' });
  assert.deepEqual(bed.claim(['a']).ids, []);
  assert.deepEqual(bed.ledger.retry(id), { refused: 'failed' });
  assert.deepEqual(bed.ledger.retryMany({ state: 'failed', since: 0, limit: 10 }).changed, []);
  const before = bed.row(id);
  bed.now += SECOND;
  bed.ledger.insertFailed({ id, type: 'b', payload: '{}', reason: 'Another' });
  bed.ledger.insert([{ ...bed.task(), id }]);
  assert.deepEqual(bed.row(id), before);
  const known = bed.add();
  bed.ledger.insertFailed({ id: known, type: 'a', payload: '{}', reason: 'Late' });
  assert.equal(bed.state(known), 'ready');
});
