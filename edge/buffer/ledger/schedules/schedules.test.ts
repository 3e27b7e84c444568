import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HOUR, MINUTE, SECOND, START } from '../testing.ts';
import { HOURLY, scheduleLedger } from './schedules.fixture.ts';

describe('a schedule', () => {
  test('inserts a task at each planned time, and the task knows it', (t) => {
    const bed = scheduleLedger(t);
    bed.put({
      ...HOURLY,
      payload: { n: 1 },
      priority: 3,
      tags: ['x'],
      overlap: 'allow',
    });
    bed.passTo(START + 2 * HOUR + MINUTE);
    assert.deepEqual(bed.runs(), [60, 120]);
    const task = bed.row(bed.lastTask);
    assert.equal(task.payload, '{"n":1}');
    assert.equal(task.priority, 3);
    assert.deepEqual(task.tags, ['x']);
    assert.deepEqual(task.schedule, { name: 's', plannedAt: START + 2 * HOUR, missed: false });
    assert.deepEqual(bed.claim(['a']).tasks[1]?.schedule, task.schedule);
    const { nextAt, lastAt } = bed.schedule();
    assert.deepEqual([nextAt, lastAt], [START + 3 * HOUR, START + 2 * HOUR]);
  });

  test('that is set again without a change moves nothing', (t) => {
    const bed = scheduleLedger(t);
    bed.put({ type: 'a', everySeconds: 3600 });
    const before = bed.schedule();
    bed.now += 30 * MINUTE;
    assert.deepEqual(bed.put({ type: 'a', everySeconds: 3600 }), before);
    assert.equal(bed.put({ type: 'a', everySeconds: 3600, payload: 1 }).nextAt, before.nextAt);
  });

  test('with other times counts from now', (t) => {
    const bed = scheduleLedger(t);
    bed.put(HOURLY);
    bed.now += 90 * MINUTE;
    const { nextAt } = bed.put({ ...HOURLY, cron: '*/20 * * * *' });
    assert.equal(nextAt, START + 100 * MINUTE);
    bed.passTo(START + 100 * MINUTE);
    assert.deepEqual(bed.runs(), [100]);
  });

  test('ends after endAt', (t) => {
    const bed = scheduleLedger(t);
    bed.put({
      ...HOURLY,
      overlap: 'allow',
      endAt: new Date(START + HOUR).toISOString(),
    });
    bed.passTo(START + 5 * HOUR);
    assert.deepEqual(bed.runs(), [60]);
    assert.equal(bed.schedule().nextAt, null);
  });

  test('that is deleted inserts nothing more, and its tasks stay', (t) => {
    const bed = scheduleLedger(t);
    bed.put({ ...HOURLY, overlap: 'allow' });
    bed.passTo(START + HOUR);
    assert.equal(bed.ledger.schedules.delete('s'), true);
    assert.equal(bed.ledger.schedules.delete('s'), false);
    bed.passTo(START + 3 * HOUR);
    assert.deepEqual(bed.runs(), [60]);
  });

  test('spreads its tasks by a time that follows from the planned time', (t) => {
    const bed = scheduleLedger(t);
    bed.put({ ...HOURLY, jitterSeconds: 600 });
    bed.passTo(START + HOUR);
    const { runAt, state } = bed.row(bed.lastTask);
    assert.equal(state, 'scheduled');
    assert.ok(runAt > START + HOUR && runAt <= START + HOUR + 10 * MINUTE);
    const other = scheduleLedger(t);
    other.put({ ...HOURLY, jitterSeconds: 600 });
    other.passTo(START + HOUR);
    assert.equal(other.row(other.lastTask).runAt, runAt);
  });

  test('whose times cannot be computed is stopped, and does not stop others', (t) => {
    const bed = scheduleLedger(t);
    bed.put(HOURLY);
    bed.put(HOURLY, 'other');
    bed.sql.exec(
      `UPDATE schedules SET settings = json_set(settings, '$.timezone', 'Mars/Phobos') WHERE name = 's'`,
    );
    bed.passTo(START + HOUR);
    assert.match(bed.schedule().fault ?? '', /Mars\/Phobos/);
    assert.deepEqual(bed.runs('other'), [60]);
    assert.equal(bed.put(HOURLY).fault, null);
    assert.equal(bed.schedule().nextAt, START + 2 * HOUR);
  });

  test('waits while the ledger is full', (t) => {
    const bed = scheduleLedger(t);
    bed.put(HOURLY);
    bed.isFull = true;
    bed.now = START + HOUR;
    bed.ledger.tick();
    assert.deepEqual(bed.runs(), []);
    assert.equal(bed.ledger.nextTickAt(), bed.now + 10 * SECOND);
    bed.isFull = false;
    bed.passTo(START + HOUR + 10 * SECOND);
    assert.deepEqual(bed.runs(), [60]);
  });
});

test('10,000 schedules that are due in the same second all run, in portions', (t) => {
  const bed = scheduleLedger(t);
  for (let count = 0; count < 10_000; count += 1) bed.put(HOURLY, `s${count}`);
  bed.now = START + HOUR;
  let ticks = 0;
  for (; (bed.ledger.nextTickAt() ?? Number.POSITIVE_INFINITY) <= bed.now; ticks += 1) bed.ledger.tick();
  const [{ tasks } = { tasks: 0 }] = bed.sql.exec<{ tasks: number }>('SELECT count(*) AS tasks FROM tasks');
  assert.equal(tasks, 10_000);
  assert.ok(ticks >= 100, `one call advances a bounded number of schedules, not ${10_000 / ticks}`);
});

describe('a run by hand', () => {
  test('is inserted now, and a repeat is the same task', (t) => {
    const bed = scheduleLedger(t);
    bed.put(HOURLY);
    const run = bed.ledger.schedules.run('s', bed.now, 'key');
    assert.deepEqual(run, { taskIds: [bed.lastTask], inserted: 1 });
    assert.deepEqual(bed.ledger.schedules.run('s', bed.now, 'key'), { ...run, inserted: 0 });
    assert.equal(bed.schedule().nextAt, START + HOUR);
    const other = bed.ledger.schedules.run('s', bed.now, 'other');
    assert.ok('taskIds' in other && other.inserted === 1);
    assert.equal(bed.ledger.list({ limit: 9 }).tasks.length, 2);
    assert.deepEqual(bed.ledger.schedules.run('none', bed.now, 'key'), { unknown: true });
  });
});

describe('a backfill', () => {
  const HOURS = [1, 2, 3].map((hours) => START - hours * 24 * HOUR);

  test('inserts what the ledger does not have, once', (t) => {
    const bed = scheduleLedger(t);
    bed.put(HOURLY);
    const first = bed.ledger.schedules.backfill('s', HOURS.slice(0, 2), bed.now);
    assert.ok('taskIds' in first && first.inserted === 2);
    const again = bed.ledger.schedules.backfill('s', HOURS, bed.now);
    assert.ok('taskIds' in again && again.inserted === 1);
    assert.deepEqual(again.taskIds.slice(0, 2), first.taskIds);
    assert.ok(bed.row(first.taskIds[0] ?? '').schedule?.missed);
  });

  test('of a closed window inserts its tasks under ids of the request', (t) => {
    const bed = scheduleLedger(t);
    bed.put(HOURLY);
    const old = bed.add();
    const plannedAt = bed.now;
    bed.ledger.cancel(old);
    bed.now += 25 * HOUR;
    assert.equal(bed.ledger.seal(old.slice(0, 8), { default: HOUR, types: {} }), true);
    const first = bed.ledger.schedules.backfill('s', [plannedAt], bed.now);
    assert.ok('taskIds' in first);
    assert.equal(bed.row(first.taskIds[0] ?? '').schedule?.plannedAt, plannedAt);
    assert.deepEqual(bed.ledger.schedules.backfill('s', [plannedAt], bed.now), { ...first, inserted: 0 });
  });
});

test('schedules are listed by name, in pages', (t) => {
  const bed = scheduleLedger(t);
  for (const name of ['b', 'a', 'c']) bed.put(HOURLY, name);
  const first = bed.ledger.schedules.list('', 2);
  assert.deepEqual([first.schedules.map(({ name }) => name), first.next], [['a', 'b'], 'b']);
  const second = bed.ledger.schedules.list('b', 2);
  assert.deepEqual([second.schedules.map(({ name }) => name), second.next], [['c'], null]);
});

test('a page of schedules stops at 256 KB', (t) => {
  const bed = scheduleLedger(t);
  for (const name of ['a', 'b', 'c']) bed.put({ ...HOURLY, payload: 'x'.repeat(600_000) }, name);
  const first = bed.ledger.schedules.list('', 10);
  assert.deepEqual([first.schedules.length, first.next], [1, 'a']);
});

test('runs with large payloads are inserted in portions', (t) => {
  const bed = scheduleLedger(t);
  for (let count = 0; count < 20; count += 1)
    bed.put({ ...HOURLY, payload: 'x'.repeat(90_000) }, `s${count}`);
  bed.now = START + HOUR;
  bed.ledger.tick();
  assert.equal(bed.ledger.list({ limit: 50 }).tasks.length, 3);
  bed.passTo(bed.now);
  assert.equal(bed.ledger.list({ limit: 50 }).tasks.length, 20);
});

test('a call that ends the runs of many schedules continues a few queues, and the alarm the others', (t) => {
  const bed = scheduleLedger(t);
  for (let count = 0; count < 30; count += 1) bed.put({ ...HOURLY, overlap: 'queue' }, `s${count}`);
  bed.passTo(START + 2 * HOUR);
  bed.ledger.cancelMany({ states: ['ready'], limit: 100 });
  const waiting = () => bed.ledger.list({ states: ['ready'], limit: 100 }).tasks.length;
  assert.equal(waiting(), 10);
  bed.passTo(bed.now);
  assert.equal(waiting(), 30);
});

test('the archive keeps the payload of a run', (t) => {
  const bed = scheduleLedger(t);
  const payload = { text: 'x'.repeat(2000) };
  bed.put({ ...HOURLY, payload });
  bed.passTo(START + HOUR);
  bed.finishLast();
  const window = bed.lastTask.slice(0, 8);
  bed.now += 5 * HOUR;
  bed.ledger.seal(window, { default: HOUR, types: {} });
  const page = bed.ledger.archivePage(window, 0, '', 1_000_000);
  assert.deepEqual(
    page?.tasks.map((task) => JSON.parse(task.payload ?? '')),
    [payload],
  );
  assert.equal(page?.tasks[0]?.schedule?.name, 's');
});
