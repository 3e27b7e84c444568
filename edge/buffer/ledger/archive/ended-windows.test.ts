import assert from 'node:assert/strict';
import { test } from 'node:test';
import { windowOf } from '../../../contract/task-id.ts';
import { HOUR, SECOND, type TestLedger, testLedger } from '../testing.ts';
import { AT_ONCE, done } from './archive.fixture.ts';
import { listEndedWindows } from './ended-windows.ts';

const WINDOW = 2 ** 16;

const windowsOf = (bed: TestLedger) =>
  bed.sql.exec<{ window: string }>('SELECT window FROM ended_windows').map(({ window }) => window);

test('a window is listed once, when the first of its tasks ends', (t) => {
  const bed = testLedger(t);
  const window = windowOf(done(bed));
  const listed = bed.sql.exec('SELECT * FROM ended_windows');
  bed.now += SECOND;
  done(bed);
  assert.deepEqual([windowsOf(bed), bed.sql.exec('SELECT * FROM ended_windows')], [[window], listed]);
});

test('a window is listed again when a task ends after a round was opened', (t) => {
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
  const last = listEndedWindows(bed.sql, '');
  assert.deepEqual([last, windowsOf(bed)], [windows[999], windows.slice(0, 1000)]);
  assert.equal(listEndedWindows(bed.sql, last ?? ''), null);
  assert.deepEqual(windowsOf(bed), windows);
});
