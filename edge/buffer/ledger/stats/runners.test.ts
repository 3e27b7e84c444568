import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import type { RunnerAbout, StuckThread } from '../../../contract/buffer.ts';
import { HOUR, MINUTE, SECOND, START, type TestLedger, testLedger } from '../testing.ts';

const iso = (ms: number) => new Date(ms).toISOString();

const ABOUT = { startedAt: iso(START), threads: 2, ioConcurrency: 32, types: ['a', 'b'] };

/** A claim with which a runner describes itself. */
function introduce(bed: TestLedger, runner: string, limit = 1, details: Partial<RunnerAbout> = {}): void {
  const wants = [{ types: ['a'], limit }];
  const about = { ...ABOUT, ...details };
  bed.ledger.claim({ leaseId: randomUUID(), runner, leaseSeconds: 30, wants, about });
}

/** The longest possible list of types: 50 KB. */
const MANY_TYPES = Array.from({ length: 500 }, (_, index) => `${'t'.repeat(97)}${index}`.slice(-100));

const none: ReadonlySet<string> = new Set();
const list = (bed: TestLedger, connected = none) => bed.ledger.runners(connected).runners;
const names = (bed: TestLedger, connected = none) => list(bed, connected).map(({ name }) => name);

describe('a runner', () => {
  test('is shown with its description, its tasks, and the times of their claims', (t) => {
    const bed = testLedger(t);
    const ids = bed.addMany(2);
    bed.now += SECOND;
    introduce(bed, 'one', 2);
    const claimedAt = iso(bed.now);
    const tasks = ids.map((taskId) => ({ taskId, type: 'a', claimedAt }));
    assert.deepEqual(list(bed), [{ name: 'one', ...ABOUT, held: 2, tasks }]);
  });

  test('is shown with its stuck threads until it reports that they have ended', (t) => {
    const bed = testLedger(t);
    const stuck: StuckThread[] = [
      { lane: 'cpu', taskId: bed.addMany(1)[0] ?? '', type: 'a', since: iso(START) },
    ];
    introduce(bed, 'one', 1, { stuck });
    assert.deepEqual(list(bed)[0]?.stuck, stuck);
    introduce(bed, 'one');
    assert.equal(list(bed)[0]?.stuck, undefined);
  });

  test('that has not described itself is shown while it holds tasks', (t) => {
    const bed = testLedger(t);
    const { id, leaseId } = bed.held({}, { runner: 'silent' });
    assert.deepEqual(names(bed), ['silent']);
    bed.succeed(id, leaseId);
    assert.deepEqual(names(bed), []);
  });

  test('is shown with the 20 tasks that it has held longest and the number of all its tasks', (t) => {
    const bed = testLedger(t);
    for (let task = 0; task < 25; task += 1) {
      bed.now += 1;
      bed.held({}, { runner: 'busy' });
    }
    const [runner] = list(bed);
    assert.equal(runner?.held, 25);
    assert.equal(runner?.tasks.length, 20);
    assert.equal(runner?.tasks[0]?.claimedAt, iso(START + 1));
  });

  test('is gone after it has been silent for more than two of its intervals', (t) => {
    const bed = testLedger(t);
    introduce(bed, 'one');
    bed.now += 74 * SECOND;
    assert.deepEqual(names(bed), ['one']);
    bed.now += 2 * SECOND;
    assert.deepEqual(names(bed), []);
    introduce(bed, 'one');
    assert.deepEqual(names(bed), ['one']);
  });

  test('with an open socket is shown with its description, even after a long silence', (t) => {
    const bed = testLedger(t);
    introduce(bed, 'one');
    bed.now += 10 * MINUTE;
    const [runner] = list(bed, new Set(['one']));
    assert.equal(runner?.threads, 2);
  });

  test('that closes its socket is shown only as long as it holds tasks', (t) => {
    const bed = testLedger(t);
    const id = bed.add();
    introduce(bed, 'one');
    bed.ledger.dismissRunner('one');
    assert.deepEqual(names(bed), ['one']);
    bed.ledger.cancel(id);
    bed.now += HOUR;
    bed.ledger.tick();
    assert.deepEqual(names(bed), []);
  });

  test('that was dismissed is shown again when it claims', (t) => {
    const bed = testLedger(t);
    introduce(bed, 'one');
    bed.ledger.dismissRunner('one');
    assert.deepEqual(names(bed), []);
    bed.ledger.recallRunner('one');
    assert.deepEqual(names(bed), ['one']);
  });
});

describe('with very many runners', () => {
  test('at most 1,000 are listed', (t) => {
    const bed = testLedger(t);
    const connected = new Set(Array.from({ length: 1500 }, (_, index) => `r${index}`));
    assert.equal(list(bed, connected).length, 1000);
  });

  test('those with a socket are listed first, then those that hold tasks, then those known for longest', (t) => {
    const bed = testLedger(t);
    introduce(bed, 'z old');
    for (let index = 0; index < 1500; index += 1) {
      bed.now += 1;
      introduce(bed, `invented ${index}`);
    }
    introduce(bed, 'z new');
    assert.ok(names(bed).includes('z old'));
    assert.ok(!names(bed).includes('z new'));
    assert.ok(names(bed, new Set(['z new'])).includes('z new'));
    bed.held({}, { runner: 'z new' });
    assert.ok(names(bed).includes('z new'));
    assert.equal(names(bed).length, 1000);
    assert.deepEqual(names(bed), names(bed).toSorted());
  });

  test('a type is handled even if its runner is not in the list', (t) => {
    const bed = testLedger(t);
    bed.add({ type: 'rare' });
    const connected = new Set(Array.from({ length: 10_000 }, (_, index) => `connected ${index}`));
    introduce(bed, 'z', 1, { types: ['rare'] });
    const { runners, handled } = bed.ledger.runners(connected);
    assert.ok(!runners.some(({ name }) => name === 'z'));
    assert.deepEqual(
      bed.ledger.stats(handled).types.map(({ type, handled }) => [type, handled]),
      [['rare', true]],
    );
  });

  test('a runner that is silent makes space before those that are present', (t) => {
    const bed = testLedger(t);
    introduce(bed, 'silent');
    bed.now += 10 * MINUTE;
    for (let index = 0; index < 2000; index += 1) introduce(bed, `r${index}`);
    const kept = bed.sql.exec<{ name: string }>("SELECT name FROM runners WHERE name = 'silent'");
    assert.deepEqual(kept, []);
  });

  test('descriptions are kept of the runners that are known for longest, and of the last one, up to 1 MB', (t) => {
    const bed = testLedger(t);
    for (let index = 100; index < 160; index += 1) {
      bed.now += 1;
      introduce(bed, `r${index}`, 1, { types: MANY_TYPES });
    }
    const [kept] = bed.sql.exec<{ bytes: number }>('SELECT sum(octet_length(about)) AS bytes FROM runners');
    assert.ok(kept && kept.bytes > 800_000 && kept.bytes <= 1_000_000, `${kept?.bytes} bytes`);
    const shown = names(bed);
    assert.ok(shown.includes('r100') && shown.includes('r159') && !shown.includes('r140'));
  });

  test('a connected runner is not forgotten, but its types are if there is no space for them', (t) => {
    const bed = testLedger(t);
    introduce(bed, 'real');
    bed.connected.add('real');
    for (let index = 0; index < 30; index += 1) {
      bed.connected.add(`really ${index}`);
      introduce(bed, `really ${index}`, 1, { types: MANY_TYPES });
    }
    for (let index = 0; index < 2100; index += 1) {
      bed.now += 1;
      introduce(bed, `invented ${index}`);
    }
    const shown = new Map(list(bed).map((runner) => [runner.name, runner]));
    assert.deepEqual(shown.get('real')?.types, ABOUT.types);
    assert.equal(shown.get('really 0')?.types?.length, 500);
    assert.equal(shown.get('really 29')?.types, undefined);
    assert.equal(shown.get('really 29')?.threads, 2);
  });

  test('names are kept of the runners that are known for longest, up to 2,000', (t) => {
    const bed = testLedger(t);
    for (let index = 0; index < 2100; index += 1) {
      bed.now += 1;
      introduce(bed, `r${index}`);
    }
    const [count] = bed.sql.exec<{ names: number }>('SELECT count(*) AS names FROM runners');
    assert.equal(count?.names, 1899);
    const kept = new Set(bed.sql.exec<{ name: string }>('SELECT name FROM runners').map(({ name }) => name));
    assert.ok(kept.has('r0') && kept.has('r1798') && kept.has('r2099') && !kept.has('r1900'));
  });
});

test('only a part of the tasks of leases with many ended tasks is read', (t) => {
  const bed = testLedger(t);
  const limit = 500;
  for (let lease = 0; lease < 11; lease += 1) {
    bed.addMany(limit);
    const { leaseId, ids } = bed.claim(['a'], { limit, runner: `r${lease}` });
    bed.ledger.settle(ids.slice(1).map((taskId) => ({ taskId, leaseId, success: true })));
    bed.now += 1;
  }
  assert.equal(names(bed).includes('r10'), false);
  assert.equal(bed.ledger.listActive(100).length, 10);
});

test('a type is handled while a runner takes its tasks or holds one of them', (t) => {
  const bed = testLedger(t);
  for (const type of ['a', 'b', 'c', 'd']) bed.add({ type });
  introduce(bed, 'one');
  bed.claim(['c'], { runner: 'silent' });
  const handled = bed.ledger.stats(bed.ledger.runners(none).handled).types.filter((type) => type.handled);
  assert.deepEqual(handled.map(({ type }) => type).sort(), ['a', 'b', 'c']);
});
