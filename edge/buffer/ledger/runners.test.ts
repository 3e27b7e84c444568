import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { HOUR, MINUTE, SECOND, START, type TestLedger, testLedger } from './testing.ts';

const iso = (ms: number) => new Date(ms).toISOString();

const ABOUT = { startedAt: iso(START), threads: 2, ioConcurrency: 32, types: ['a', 'b'] };

/** A claim of a runner that tells of itself. */
function tell(bed: TestLedger, runner: string, limit = 1): void {
  const wants = [{ types: ['a'], limit }];
  bed.ledger.claim({ leaseId: randomUUID(), runner, leaseSeconds: 30, wants, about: ABOUT });
}

const none: ReadonlySet<string> = new Set();
const names = (bed: TestLedger, connected = none) => bed.ledger.runners(connected).map(({ name }) => name);

describe('a runner', () => {
  test('is shown with what it told, what it holds, and since when', (t) => {
    const bed = testLedger(t);
    const ids = bed.addMany(2);
    bed.now += SECOND;
    tell(bed, 'one', 2);
    const claimedAt = iso(bed.now);
    const tasks = ids.map((taskId) => ({ taskId, type: 'a', claimedAt }));
    assert.deepEqual(bed.ledger.runners(none), [{ name: 'one', ...ABOUT, held: 2, tasks }]);
  });

  test('that has told nothing is shown while it holds tasks', (t) => {
    const bed = testLedger(t);
    const { id, leaseId } = bed.held({}, { runner: 'silent' });
    assert.deepEqual(names(bed), ['silent']);
    bed.succeed(id, leaseId);
    assert.deepEqual(names(bed), []);
  });

  test('shows the 20 tasks that it has held longest, and counts all', (t) => {
    const bed = testLedger(t);
    for (let task = 0; task < 25; task += 1) {
      bed.now += 1;
      bed.held({}, { runner: 'busy' });
    }
    const [runner] = bed.ledger.runners(none);
    assert.equal(runner?.held, 25);
    assert.equal(runner?.tasks.length, 20);
    assert.equal(runner?.tasks[0]?.claimedAt, iso(START + 1));
  });

  test('is gone when it has been silent for more than two of its intervals', (t) => {
    const bed = testLedger(t);
    tell(bed, 'one');
    bed.now += 74 * SECOND;
    assert.deepEqual(names(bed), ['one']);
    bed.now += 2 * SECOND;
    assert.deepEqual(names(bed), []);
    tell(bed, 'one');
    assert.deepEqual(names(bed), ['one']);
  });

  test('with an open socket is shown however long it is silent, and forgets nothing it told', (t) => {
    const bed = testLedger(t);
    tell(bed, 'one');
    bed.now += 10 * MINUTE;
    const [runner] = bed.ledger.runners(new Set(['one']));
    assert.equal(runner?.threads, 2);
  });

  test('that closes its socket is gone at once, but for what it holds', (t) => {
    const bed = testLedger(t);
    const id = bed.add();
    tell(bed, 'one');
    bed.ledger.dismissRunner('one');
    assert.deepEqual(names(bed), ['one']);
    bed.ledger.cancel(id);
    bed.now += HOUR;
    bed.ledger.tick();
    assert.deepEqual(names(bed), []);
  });
});

test('a type is handled while a runner takes it, or holds a task of it', (t) => {
  const bed = testLedger(t);
  for (const type of ['a', 'b', 'c', 'd']) bed.add({ type });
  tell(bed, 'one');
  bed.claim(['c'], { runner: 'silent' });
  const handled = bed.ledger.stats(bed.ledger.runners(none)).types.filter((type) => type.handled);
  assert.deepEqual(handled.map(({ type }) => type).sort(), ['a', 'b', 'c']);
});
