import assert from 'node:assert/strict';
import { test } from 'node:test';
import { windowOf } from '../../contract/task-id.ts';
import { AT_ONCE, done, taken } from './archive.fixture.ts';
import { openSqlite } from './sqlite.ts';
import { HOUR, SECOND, TestLedger, testLedger } from './testing.ts';

const WINDOW = 2 ** 16;

const windowsOf = (bed: TestLedger) =>
  bed.sql.exec<{ window: string }>('SELECT window FROM ended_windows').map(({ window }) => window);

test('a window is listed once, by the first of its tasks that ends', (t) => {
  const bed = testLedger(t);
  const window = windowOf(done(bed));
  const listed = bed.sql.exec('SELECT * FROM ended_windows');
  bed.now += SECOND;
  done(bed);
  assert.deepEqual([windowsOf(bed), bed.sql.exec('SELECT * FROM ended_windows')], [[window], listed]);
});

test('a window is listed again by a task that ends after a round was opened', (t) => {
  const bed = testLedger(t);
  const alive = bed.add({ type: 'alive' });
  const window = windowOf(done(bed));
  bed.now += HOUR;
  bed.ledger.seal(window, AT_ONCE);
  assert.deepEqual(windowsOf(bed), []);
  bed.ledger.cancel(alive);
  assert.deepEqual(windowsOf(bed), [window]);
});

test('the windows of an older ledger are listed a thousand at a time', (t) => {
  const bed = testLedger(t);
  const windows = Array.from({ length: 1500 }, () => {
    bed.now += WINDOW;
    return windowOf(bed.add({ runAt: bed.now + HOUR }));
  });
  bed.sql.exec("INSERT INTO ended_windows_fill (id, window) VALUES (1, '')");
  bed.ledger.closable(AT_ONCE, 1);
  assert.deepEqual(windowsOf(bed), windows.slice(0, 1000));
  bed.ledger.closable(AT_ONCE, 1);
  assert.deepEqual(windowsOf(bed), windows);
  assert.deepEqual(bed.sql.exec('SELECT * FROM ended_windows_fill'), []);
});

test('a window that version 0.1.0 closed goes on as a round of all its rows', (t) => {
  const sql = openSqlite();
  t.after(() => sql.close());
  const old = new TestLedger(sql);
  const closed = done(old);
  old.now += WINDOW;
  const archived = done(old);
  old.now += WINDOW;
  const open = done(old);
  old.now += HOUR;
  for (const table of ['seals', 'ended_windows', 'ended_windows_fill']) sql.exec(`DROP TABLE ${table}`);
  sql.exec(`CREATE TABLE seals (window TEXT PRIMARY KEY, sealed_at INTEGER NOT NULL, archived_at INTEGER,
    purged_at INTEGER) STRICT, WITHOUT ROWID`);
  sql.exec(
    'INSERT INTO seals VALUES (?1, ?2, NULL, NULL), (?3, ?2, ?2, NULL)',
    windowOf(closed),
    old.now,
    windowOf(archived),
  );

  const bed = new TestLedger(sql);
  bed.now = old.now + HOUR;
  assert.deepEqual(
    bed.ledger.openSeals(10).map(({ window, round, purgeable }) => [window, round, purgeable]),
    [
      [windowOf(closed), 0, false],
      [windowOf(archived), 1, true],
    ],
  );
  assert.deepEqual(taken(bed, windowOf(closed)), [closed]);
  bed.ledger.purge(windowOf(archived));
  assert.deepEqual(bed.ledger.find(archived), { sealed: true, rounds: 1 });
  assert.deepEqual(bed.ledger.closable(AT_ONCE, 10), [{ window: windowOf(open), sealed: false }]);
});
