import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { submissionOf, taskIdAt, windowEnd, windowOf } from '../../../contract/task-id.ts';
import { HOUR, MINUTE, testLedger } from '../testing.ts';
import { AT_ONCE, done, failed, purged, sealed } from './archive.fixture.ts';

const DAY = 24 * HOUR;
const ONE_DAY = { default: DAY, types: {} };

describe('seal', () => {
  test('a window is not closed before KV shows all its records', (t) => {
    const bed = testLedger(t);
    const window = windowOf(done(bed));
    assert.equal(bed.ledger.seal(window, AT_ONCE), false);
    bed.now = windowEnd(window) + 2 * MINUTE;
    assert.equal(bed.ledger.seal(window, AT_ONCE), true);
  });

  test('a window is not closed while a key is reserved for one of its submissions', (t) => {
    const bed = testLedger(t);
    const window = windowOf(done(bed));
    const submission = submissionOf(bed.task().id);
    bed.ledger.reserve('key', 'hash', submission);
    bed.now += HOUR;
    assert.deepEqual([bed.ledger.closable(AT_ONCE, 10), bed.ledger.seal(window, AT_ONCE)], [[], false]);
    bed.ledger.markAccepted('key', submission);
    assert.equal(bed.ledger.seal(window, AT_ONCE), true);
  });

  test('a window is not closed while the sweep of the window or of one of its submissions is failing', (t) => {
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

  test('another call changes nothing while a round is open', (t) => {
    const bed = testLedger(t);
    const window = sealed(bed, done(bed));
    const before = bed.sql.exec('SELECT * FROM seals');
    bed.now += MINUTE;
    assert.equal(bed.ledger.seal(window, ONE_DAY), true);
    assert.deepEqual(bed.sql.exec('SELECT * FROM seals'), before);
  });

  test('an insert ignores tasks of a closed window, but not the other tasks of the same call', (t) => {
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

  test('a live task of a closed window can run, be cancelled and be retried', (t) => {
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

  test('retry and cancel of a task in a round return `sealed` and change nothing, also after the purge', (t) => {
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

  test('a repeated report for a task of a closed window gets the first answer until the row is deleted', (t) => {
    const bed = testLedger(t);
    const { id, leaseId } = bed.held();
    bed.succeed(id, leaseId);
    const window = sealed(bed, id);
    assert.equal(bed.succeed(id, leaseId).state, 'completed');
    purged(bed, window);
    assert.equal(bed.succeed(id, leaseId).state, 'unknown');
  });
});

describe('incomplete', () => {
  test('returns submissions of which a task is missing, without those of closed windows', (t) => {
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
