import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { submissionOf, taskIdAt, windowEnd, windowOf } from '../../contract/task-id.ts';
import { HOUR, MINUTE, SECOND, START, type TestLedger, testLedger } from './testing.ts';

const WINDOW = 2 ** 16;
const FINAL = { error: { code: 'broken', message: 'It broke', retryable: false } };

/** Adds a task and completes it. */
function done(bed: TestLedger, result?: string, payload = '{}'): string {
  const { id, leaseId } = bed.held({ payload });
  bed.succeed(id, leaseId, result);
  return id;
}

function failed(bed: TestLedger): string {
  const { id, leaseId } = bed.held();
  bed.fail(id, leaseId, FINAL);
  return id;
}

/** Lets the time pass until the window of the id may be closed, and closes it. */
function sealed(bed: TestLedger, id: string): string {
  const window = windowOf(id);
  bed.now += HOUR;
  assert.equal(bed.ledger.seal(window, bed.now), true);
  return window;
}

/** Archives a window and waits until its rows may go. */
function purged(bed: TestLedger, window: string): void {
  bed.ledger.markArchived(window);
  bed.now += 5 * MINUTE;
  bed.ledger.purge(window);
}

describe('closable', () => {
  test('a window may be closed two minutes after its last id was made, and lists once all has ended', (t) => {
    const bed = testLedger(t);
    const window = windowOf(done(bed));
    bed.now = windowEnd(window) + 2 * MINUTE - 1;
    assert.deepEqual(bed.ledger.closable(bed.now, 10), []);
    bed.now += 1;
    assert.deepEqual(bed.ledger.closable(bed.now, 10), [window]);
  });

  test('a window of which a task ended too late, waits', (t) => {
    const bed = testLedger(t);
    const window = windowOf(done(bed));
    bed.now += HOUR;
    assert.deepEqual(bed.ledger.closable(START - 1, 10), []);
    assert.deepEqual(bed.ledger.closable(START, 10), [window]);
  });

  test('a task that is alive, or cancelled but still held, holds back its own window only', (t) => {
    const bed = testLedger(t);
    const first = windowOf(done(bed));
    const alive = [
      () => bed.add({ type: 'b' }),
      () => bed.add({ runAt: bed.now + 30 * 24 * HOUR }),
      () => bed.held({ type: 'c' }, { leaseSeconds: 3600 }).id,
      () => {
        const { id } = bed.held({ type: 'd' }, { leaseSeconds: 3600 });
        bed.ledger.cancel(id);
        return id;
      },
    ];
    for (const make of alive) {
      bed.now += WINDOW;
      make();
      done(bed);
    }
    bed.now += WINDOW;
    const last = windowOf(done(bed));
    bed.now += 4 * MINUTE;
    assert.deepEqual(bed.ledger.closable(bed.now, 10), [first, last]);
  });

  test('a thousand windows that are held back do not hide those after them', (t) => {
    const bed = testLedger(t);
    for (let count = 0; count < 1001; count += 1) {
      bed.add({ type: 'b', runAt: START + 30 * 24 * HOUR });
      bed.now += WINDOW;
    }
    const window = windowOf(done(bed));
    bed.now += HOUR;
    // One call may look at part of them and the next go on from there.
    const found = [1, 2, 3].flatMap(() => bed.ledger.closable(bed.now, 10));
    assert.ok(found.includes(window));
  });

  test('the oldest come first, as many as asked for, closed ones left out', (t) => {
    const bed = testLedger(t);
    const windows = Array.from({ length: 4 }, () => {
      bed.now += WINDOW;
      return windowOf(done(bed));
    });
    bed.now += HOUR;
    assert.deepEqual(bed.ledger.closable(bed.now, 2), windows.slice(0, 2));
    bed.ledger.seal(windows[0] ?? '', bed.now);
    assert.deepEqual(bed.ledger.closable(bed.now, 2), windows.slice(1, 3));
  });
});

describe('seal', () => {
  test('a window of which a task is alive, held or ended too late is not closed', (t) => {
    const bed = testLedger(t);
    const { id, leaseId } = bed.held();
    const window = windowOf(id);
    assert.equal(bed.ledger.seal(window, START + HOUR), false);
    bed.ledger.cancel(id);
    assert.equal(bed.ledger.seal(window, START + HOUR), false);
    bed.ledger.release(leaseId, [id]);
    assert.equal(bed.ledger.seal(window, START - 1), false);
    assert.deepEqual(bed.ledger.openSeals(10), []);
    assert.equal(bed.ledger.seal(window, START), true);
  });

  test('closing it again changes nothing', (t) => {
    const bed = testLedger(t);
    const window = sealed(bed, done(bed));
    const before = bed.sql.exec('SELECT * FROM seals');
    bed.now += MINUTE;
    assert.equal(bed.ledger.seal(window, 0), true);
    assert.deepEqual(bed.sql.exec('SELECT * FROM seals'), before);
  });

  test('inserts into a closed window are ignored, those into others in the same call are not', (t) => {
    const bed = testLedger(t);
    const late = bed.task();
    const window = sealed(bed, done(bed));
    const other = bed.task();
    bed.ledger.insert([late, other]);
    assert.deepEqual(bed.ledger.find(late.id), { sealed: true });
    assert.equal(bed.state(other.id), 'ready');
    bed.ledger.insertFailed({ id: late.id, type: 'a', payload: '{}', reason: 'No such field' });
    assert.deepEqual(bed.ledger.find(late.id), { sealed: true });
    purged(bed, window);
    bed.ledger.insert([late]);
    assert.deepEqual(bed.ledger.find(late.id), { sealed: true });
  });

  test('retry and cancel of a closed window answer so and change nothing, its rows there or gone', (t) => {
    const bed = testLedger(t);
    const broken = failed(bed);
    const gone = bed.add();
    bed.ledger.cancel(gone);
    const ids = [broken, done(bed), gone];
    const unknown = bed.task().id;
    const window = sealed(bed, broken);
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

describe('archive', () => {
  test('a closed window is open, then archived, then purgeable five minutes after, then gone', (t) => {
    const bed = testLedger(t);
    const window = sealed(bed, done(bed));
    const state = () => bed.ledger.openSeals(10);
    assert.deepEqual(state(), [{ window, archived: false, purgeable: false }]);
    bed.ledger.markArchived(window);
    bed.now += 5 * MINUTE - 1;
    assert.deepEqual(state(), [{ window, archived: true, purgeable: false }]);
    bed.now += 1;
    assert.deepEqual(state(), [{ window, archived: true, purgeable: true }]);
    bed.ledger.purge(window);
    assert.deepEqual(state(), []);
  });

  test('open seals come in the order of their closing, as many as asked for', (t) => {
    const bed = testLedger(t);
    const windows = Array.from({ length: 3 }, () => {
      bed.now += WINDOW;
      return windowOf(done(bed));
    });
    bed.now += HOUR;
    const order = windows.toReversed();
    for (const window of order) {
      bed.ledger.seal(window, bed.now);
      bed.now += SECOND;
    }
    const listed = (limit: number) => bed.ledger.openSeals(limit).map(({ window }) => window);
    assert.deepEqual([listed(10), listed(2)], [order, order.slice(0, 2)]);
  });

  test('marking again does not put off the purge, and an open window cannot be marked', (t) => {
    const bed = testLedger(t);
    const id = done(bed);
    bed.ledger.markArchived(windowOf(id));
    const window = sealed(bed, id);
    assert.deepEqual(bed.ledger.openSeals(1), [{ window, archived: false, purgeable: false }]);
    bed.ledger.markArchived(window);
    bed.now += 4 * MINUTE;
    bed.ledger.markArchived(window);
    bed.now += MINUTE;
    assert.equal(bed.ledger.openSeals(1)[0]?.purgeable, true);
  });

  test('pages follow one another in id order, none above the bound, each row whole and once', (t) => {
    const bed = testLedger(t);
    const ids = Array.from({ length: 9 }, (_, n) => done(bed, JSON.stringify('€'.repeat(10 * n))));
    bed.now += WINDOW;
    done(bed);
    const window = sealed(bed, ids[0] ?? '');
    const seen = [];
    let after = '';
    let more = true;
    while (more) {
      const page = bed.ledger.archivePage(window, after, 700);
      const bytes = page.tasks.map(({ payload, result, attempts }) =>
        Buffer.byteLength(`${payload ?? ''}${result ?? ''}${JSON.stringify(attempts)}`),
      );
      assert.ok(bytes.length === 1 || bytes.reduce((sum, size) => sum + size, 0) <= 700);
      seen.push(...page.tasks);
      after = page.tasks.at(-1)?.id ?? '';
      more = page.more;
    }
    assert.deepEqual(
      seen,
      ids.map((id) => bed.row(id)),
    );
  });

  test('a row above the bound has a page of its own, and a page repeated is the same', (t) => {
    const bed = testLedger(t);
    const [small, large] = [done(bed), done(bed, JSON.stringify('x'.repeat(5000)))];
    const window = sealed(bed, small);
    const ids = (after: string) => bed.ledger.archivePage(window, after, 1000).tasks.map(({ id }) => id);
    assert.deepEqual([ids(''), ids(small), ids(large)], [[small], [large], []]);
    assert.deepEqual(bed.ledger.archivePage(window, '', 1000), bed.ledger.archivePage(window, '', 1000));
  });

  test('nothing is purged before five minutes after it was archived, nor of another window', (t) => {
    const bed = testLedger(t);
    const id = done(bed);
    bed.now += WINDOW;
    const other = done(bed);
    const window = windowOf(id);
    bed.ledger.purge(window);
    sealed(bed, id);
    bed.now += HOUR;
    bed.ledger.purge(window);
    bed.ledger.markArchived(window);
    bed.now += 5 * MINUTE - 1;
    bed.ledger.purge(window);
    assert.equal(bed.state(id), 'completed');
    bed.now += 1;
    bed.ledger.purge(window);
    assert.deepEqual(bed.ledger.find(id), { sealed: true });
    assert.equal(bed.state(other), 'completed');
    bed.ledger.purge(window);
    assert.deepEqual(bed.ledger.find(id), { sealed: true });
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
