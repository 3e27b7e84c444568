import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { newSubmission, taskIdAt, windowOf } from '../../../contract/task-id.ts';
import { HOUR, MINUTE, START, type TestLedger, testLedger } from '../testing.ts';
import { AT_ONCE, done, purged, sealed, taken } from './archive.fixture.ts';

const WINDOW = 2 ** 16;

/** Fills a window with rows and returns their ids. Every tenth task has ended. */
function crowded(bed: TestLedger, rows: number): string[] {
  const submission = newSubmission(START, 0, new Uint8Array(6));
  const ids = Array.from({ length: rows }, (_, index) => taskIdAt(submission, index));
  bed.ledger.insert(
    ids.map((id, n) => ({ id, type: n % 10 === 0 ? 'ended' : 'alive', payload: '{}', priority: 0 })),
  );
  for (;;) {
    const { ids: claimed, leaseId } = bed.claim(['ended']);
    if (claimed.length === 0) return ids;
    bed.ledger.settle(claimed.map((taskId) => ({ taskId, leaseId, success: true })));
  }
}

describe('pages of a round', () => {
  test('contain each row once in id order, without payloads, and stay within the size limit', (t) => {
    const bed = testLedger(t);
    const ids = Array.from({ length: 9 }, (_, n) =>
      done(bed, { result: JSON.stringify('\u20ac"'.repeat(10 * n)) }),
    );
    bed.now += WINDOW;
    done(bed);
    const window = sealed(bed, ids[0] ?? '');
    const seen = [];
    for (let after: string | null = ''; after !== null; ) {
      const page = bed.ledger.archivePage(window, 0, after, 2000);
      assert.ok(page);
      assert.ok(page.tasks.length === 1 || Buffer.byteLength(JSON.stringify(page.tasks)) <= 2000);
      seen.push(...page.tasks);
      after = page.next;
    }
    assert.deepEqual(
      seen,
      ids.map((id) => ({ ...bed.row(id), payload: null })),
    );
  });

  test('contain the payload of an invalid task', (t) => {
    const bed = testLedger(t);
    const { id } = bed.task();
    bed.ledger.insertFailed({ id, type: 'a', payload: '{"n":1}', reason: 'No such field' });
    const window = sealed(bed, id);
    assert.equal(bed.ledger.archivePage(window, 0, '', 1000)?.tasks[0]?.payload, '{"n":1}');
  });

  test('have at least one row, and do not change when they are read again', (t) => {
    const bed = testLedger(t);
    const [small, large] = [done(bed), done(bed, { result: JSON.stringify('x'.repeat(5000)) })];
    const window = sealed(bed, small);
    const page = (after: string) => bed.ledger.archivePage(window, 0, after, 1000);
    const ids = (after: string) => page(after)?.tasks.map(({ id }) => id);
    assert.deepEqual([ids(''), ids(small), ids(large)], [[small], [large], []]);
    assert.deepEqual(page(''), page(''));
  });

  test('are not returned for an archived round or for any other round', (t) => {
    const bed = testLedger(t);
    const id = done(bed);
    assert.equal(bed.ledger.archivePage(windowOf(id), 0, '', 1000), null);
    const window = sealed(bed, id);
    assert.equal(bed.ledger.archivePage(window, 1, '', 1000), null);
    purged(bed, window);
    assert.equal(bed.ledger.archivePage(window, 0, '', 1000), null);
    assert.equal(bed.ledger.archivePage(window, 1, '', 1000), null);
  });

  test('read a limited number of rows of a window with many live tasks', (t) => {
    const bed = testLedger(t);
    const ids = crowded(bed, 12_000);
    const window = sealed(bed, ids[0] ?? '');
    const page = bed.ledger.archivePage(window, 0, '', 1e7);
    assert.ok(page && page.tasks.length > 0 && page.tasks.length <= 500);
    assert.deepEqual(
      taken(bed, window),
      ids.filter((_, n) => n % 10 === 0),
    );
  });
});

describe('purge', () => {
  test('deletes nothing until five minutes after the archive, and nothing of another window', (t) => {
    const bed = testLedger(t);
    const id = done(bed);
    bed.now += WINDOW;
    const other = done(bed);
    const window = windowOf(id);
    bed.ledger.purge(window);
    sealed(bed, id);
    bed.now += HOUR;
    bed.ledger.purge(window);
    bed.ledger.markArchived(window, 0, { tasks: 1, upTo: null });
    bed.now += 5 * MINUTE - 1;
    bed.ledger.purge(window);
    assert.equal(bed.state(id), 'completed');
    bed.now += 1;
    bed.ledger.purge(window);
    bed.ledger.purge(window);
    assert.deepEqual(bed.ledger.find(id), { sealed: true, rounds: 1 });
    assert.equal(bed.state(other), 'completed');
  });

  test('deletes one portion per call, updates the counts, and keeps live tasks', (t) => {
    const bed = testLedger(t);
    const ids = crowded(bed, 12_000);
    const window = sealed(bed, ids[0] ?? '');
    bed.ledger.markArchived(window, 0, { tasks: 1200, upTo: null });
    bed.now += 5 * MINUTE;
    const rows = () => bed.sql.exec<{ rows: number }>('SELECT count(*) AS rows FROM tasks')[0]?.rows;
    assert.deepEqual(bed.ledger.purge(window), { more: true });
    const left = rows() ?? 0;
    assert.ok(left > 10_800 && left < 12_000, `${left} rows are left`);
    while (bed.ledger.purge(window).more);
    assert.equal(rows(), 10_800);
    const types = bed.ledger.stats().types.map(({ type, counts }) => [type, counts.ready, counts.completed]);
    assert.deepEqual(types.toSorted(), [
      ['alive', 10_800, 0],
      ['ended', 0, 0],
    ]);
    assert.deepEqual(bed.ledger.openSeals(10), []);
    assert.equal(bed.ledger.seal(window, AT_ONCE), true);
  });
});
