import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ScheduleSettings } from '../../../contract/schedule.ts';
import { HOUR, MINUTE, SECOND, START, type TestLedger, testLedger } from '../testing.ts';

const HOURLY = { type: 'a', cron: '0 * * * *' } as const;

function put(bed: TestLedger, name: string, settings: ScheduleSettings) {
  return bed.ledger.schedules.put(name, JSON.stringify(settings));
}

/** Lets time pass: the alarm rings whenever it is due. */
function passTo(bed: TestLedger, until: number): void {
  for (let at = bed.ledger.nextTickAt(); at !== null && at <= until; at = bed.ledger.nextTickAt()) {
    bed.now = Math.max(bed.now, at);
    bed.ledger.tick();
  }
  bed.now = until;
}

/** The planned times of the tasks of a schedule that the ledger has, in minutes after START, oldest first. */
function runsOf(bed: TestLedger, name = 's'): number[] {
  return bed.ledger
    .list({ limit: 1000 })
    .tasks.flatMap(({ id }) => bed.row(id).schedule ?? [])
    .filter((run) => run.name === name)
    .map((run) => (run.plannedAt - START) / MINUTE)
    .sort((a, b) => a - b);
}

function schedule(bed: TestLedger, name = 's') {
  const found = bed.ledger.schedules.find(name);
  assert.ok('schedule' in found);
  return found.schedule;
}

function lastTask(bed: TestLedger): string {
  const { lastTaskId } = schedule(bed);
  assert.ok(lastTaskId);
  return lastTaskId;
}

/** Runs the last task of the schedule to its end. */
function finishLast(bed: TestLedger): void {
  const { ids, leaseId } = bed.claim(['a']);
  assert.ok(ids.includes(lastTask(bed)));
  for (const id of ids) bed.succeed(id, leaseId);
}

describe('a schedule', () => {
  test('inserts a task at each planned time, and the task knows it', (t) => {
    const bed = testLedger(t);
    put(bed, 's', {
      ...HOURLY,
      payload: { n: 1 },
      priority: 3,
      tags: ['x'],
      overlap: 'allow',
    });
    passTo(bed, START + 2 * HOUR + MINUTE);
    assert.deepEqual(runsOf(bed), [60, 120]);
    const task = bed.row(lastTask(bed));
    assert.equal(task.payload, '{"n":1}');
    assert.equal(task.priority, 3);
    assert.deepEqual(task.tags, ['x']);
    assert.deepEqual(task.schedule, { name: 's', plannedAt: START + 2 * HOUR, missed: false });
    assert.deepEqual(bed.claim(['a']).tasks[1]?.schedule, task.schedule);
    const { nextAt, lastAt } = schedule(bed);
    assert.deepEqual([nextAt, lastAt], [START + 3 * HOUR, START + 2 * HOUR]);
  });

  test('that is set again without a change moves nothing', (t) => {
    const bed = testLedger(t);
    put(bed, 's', { type: 'a', everySeconds: 3600 });
    const before = schedule(bed);
    bed.now += 30 * MINUTE;
    assert.deepEqual(put(bed, 's', { type: 'a', everySeconds: 3600 }), before);
    assert.equal(put(bed, 's', { type: 'a', everySeconds: 3600, payload: 1 }).nextAt, before.nextAt);
  });

  test('with other times counts from now', (t) => {
    const bed = testLedger(t);
    put(bed, 's', HOURLY);
    bed.now += 90 * MINUTE;
    const { nextAt } = put(bed, 's', { ...HOURLY, cron: '*/20 * * * *' });
    assert.equal(nextAt, START + 100 * MINUTE);
    passTo(bed, START + 100 * MINUTE);
    assert.deepEqual(runsOf(bed), [100]);
  });

  test('ends after endAt', (t) => {
    const bed = testLedger(t);
    put(bed, 's', {
      ...HOURLY,
      overlap: 'allow',
      endAt: new Date(START + HOUR).toISOString(),
    });
    passTo(bed, START + 5 * HOUR);
    assert.deepEqual(runsOf(bed), [60]);
    assert.equal(schedule(bed).nextAt, null);
  });

  test('that is deleted inserts nothing more, and its tasks stay', (t) => {
    const bed = testLedger(t);
    put(bed, 's', { ...HOURLY, overlap: 'allow' });
    passTo(bed, START + HOUR);
    assert.equal(bed.ledger.schedules.delete('s'), true);
    assert.equal(bed.ledger.schedules.delete('s'), false);
    passTo(bed, START + 3 * HOUR);
    assert.deepEqual(runsOf(bed), [60]);
  });

  test('spreads its tasks by a time that follows from the planned time', (t) => {
    const bed = testLedger(t);
    put(bed, 's', { ...HOURLY, jitterSeconds: 600 });
    passTo(bed, START + HOUR);
    const { runAt, state } = bed.row(lastTask(bed));
    assert.equal(state, 'scheduled');
    assert.ok(runAt > START + HOUR && runAt <= START + HOUR + 10 * MINUTE);
    const other = testLedger(t);
    put(other, 's', { ...HOURLY, jitterSeconds: 600 });
    passTo(other, START + HOUR);
    assert.equal(other.row(lastTask(other)).runAt, runAt);
  });

  test('whose times cannot be computed is stopped, and does not stop others', (t) => {
    const bed = testLedger(t);
    put(bed, 's', HOURLY);
    put(bed, 'other', HOURLY);
    bed.sql.exec(
      `UPDATE schedules SET settings = json_set(settings, '$.timezone', 'Mars/Phobos') WHERE name = 's'`,
    );
    passTo(bed, START + HOUR);
    assert.match(schedule(bed).fault ?? '', /Mars\/Phobos/);
    assert.deepEqual(runsOf(bed, 'other'), [60]);
    assert.equal(put(bed, 's', HOURLY).fault, null);
    assert.equal(schedule(bed).nextAt, START + 2 * HOUR);
  });

  test('waits while the ledger is full', (t) => {
    const bed = testLedger(t);
    put(bed, 's', HOURLY);
    bed.isFull = true;
    bed.now = START + HOUR;
    bed.ledger.tick();
    assert.deepEqual(runsOf(bed), []);
    assert.equal(bed.ledger.nextTickAt(), bed.now + 10 * SECOND);
    bed.isFull = false;
    passTo(bed, START + HOUR + 10 * SECOND);
    assert.deepEqual(runsOf(bed), [60]);
  });
});

describe('while the last run is alive', () => {
  const setUp = (bed: TestLedger, settings: Partial<ScheduleSettings>) => {
    put(bed, 's', { ...HOURLY, ...settings });
    passTo(bed, START + HOUR);
  };

  test('skip leaves out the planned time', (t) => {
    const bed = testLedger(t);
    setUp(bed, {});
    passTo(bed, START + 2 * HOUR);
    assert.deepEqual(runsOf(bed), [60]);
    assert.equal(schedule(bed).lastSkippedAt, START + 2 * HOUR);
    finishLast(bed);
    passTo(bed, START + 3 * HOUR);
    assert.deepEqual(runsOf(bed), [60, 180]);
  });

  test('queue runs each planned time, one after another, in the call that ends the run before', (t) => {
    const bed = testLedger(t);
    setUp(bed, { overlap: 'queue' });
    passTo(bed, START + 3 * HOUR);
    assert.deepEqual(runsOf(bed), [60]);
    assert.equal(schedule(bed).queued, 2);
    finishLast(bed);
    assert.deepEqual(runsOf(bed), [60, 120]);
    bed.ledger.cancel(lastTask(bed));
    assert.deepEqual(runsOf(bed), [60, 120, 180]);
    assert.equal(schedule(bed).queued, 0);
  });

  test('queue waits for a cancelled run until its runner has dropped it', (t) => {
    const bed = testLedger(t);
    setUp(bed, { overlap: 'queue' });
    const { leaseId } = bed.claim(['a'], { leaseSeconds: 2 * 3600 });
    const id = lastTask(bed);
    passTo(bed, START + 2 * HOUR);
    bed.ledger.cancel(id);
    assert.deepEqual(runsOf(bed), [60]);
    bed.fail(id, leaseId);
    assert.deepEqual(runsOf(bed), [60, 120]);
  });

  test('queue continues after a run that could not be delivered, failed, or expired', (t) => {
    const bed = testLedger(t);
    setUp(bed, { overlap: 'queue', maxAttempts: 1 });
    passTo(bed, START + 2 * HOUR);
    bed.claim(['a'], { leaseSeconds: 1 });
    passTo(bed, START + 2 * HOUR + 2 * SECOND);
    assert.deepEqual(runsOf(bed), [60, 120]);
    assert.equal(schedule(bed).lastAt, START + 2 * HOUR);
  });

  test('cancel ends a waiting run and starts the new one', (t) => {
    const bed = testLedger(t);
    setUp(bed, { overlap: 'cancel' });
    const first = lastTask(bed);
    passTo(bed, START + 2 * HOUR);
    assert.deepEqual(runsOf(bed), [60, 120]);
    assert.equal(bed.state(first), 'cancelled');
    assert.equal(bed.row(first).error?.message, 'The schedule "s" began its next run');
  });

  test('cancel starts the newest planned time once the runner has dropped the old run', (t) => {
    const bed = testLedger(t);
    setUp(bed, { overlap: 'cancel' });
    const { leaseId } = bed.claim(['a'], { leaseSeconds: 3 * 3600 });
    const first = lastTask(bed);
    passTo(bed, START + 3 * HOUR);
    assert.deepEqual(runsOf(bed), [60]);
    assert.equal(schedule(bed).queued, 1);
    bed.ledger.heartbeat([{ leaseId, holds: [] }]);
    assert.deepEqual(runsOf(bed), [60, 180]);
    assert.equal(bed.state(first), 'cancelled');
  });

  test('allow runs both', (t) => {
    const bed = testLedger(t);
    setUp(bed, { overlap: 'allow' });
    passTo(bed, START + 2 * HOUR);
    assert.deepEqual(runsOf(bed), [60, 120]);
  });
});

describe('after a downtime of two days', () => {
  const down = (bed: TestLedger, settings: Partial<ScheduleSettings>) => {
    put(bed, 's', { ...HOURLY, overlap: 'allow', ...settings });
    bed.now = START + 48 * HOUR + 30 * MINUTE;
    while ((bed.ledger.nextTickAt() ?? Number.POSITIVE_INFINITY) <= bed.now) bed.ledger.tick();
    return runsOf(bed).map((minutes) => minutes / 60);
  };
  const from = (first: number) => Array.from({ length: 48 - first + 1 }, (_, index) => first + index);

  test('one runs the latest, marked as missed', (t) => {
    const bed = testLedger(t);
    assert.deepEqual(down(bed, {}), [48]);
    assert.equal(bed.row(lastTask(bed)).schedule?.missed, true);
    assert.equal(schedule(bed).nextAt, START + 49 * HOUR);
  });

  test('one runs nothing that is older than missedWithinSeconds', (t) => {
    assert.deepEqual(down(testLedger(t), { missedWithinSeconds: 1000 }), []);
  });

  test('skip runs none', (t) => {
    const bed = testLedger(t);
    assert.deepEqual(down(bed, { missed: 'skip' }), []);
    passTo(bed, START + 49 * HOUR);
    assert.deepEqual(runsOf(bed), [49 * 60]);
  });

  test('all runs each of the last day, oldest first', (t) => {
    assert.deepEqual(down(testLedger(t), { missed: 'all' }), from(25));
    assert.deepEqual(down(testLedger(t), { missed: 'all', missedWithinSeconds: 200_000 }), from(1));
  });

  test('all runs 1,000 at most, then the latest', (t) => {
    const bed = testLedger(t);
    const settings = { type: 'a', everySeconds: 10, missed: 'all', overlap: 'allow' } as const;
    put(bed, 's', settings);
    put(bed, 'other', HOURLY);
    bed.now = START + 6 * HOUR;
    bed.ledger.tick();
    assert.deepEqual(runsOf(bed, 'other'), [360], 'a long backlog does not delay another schedule');
    while ((bed.ledger.nextTickAt() ?? Number.POSITIVE_INFINITY) <= bed.now) bed.ledger.tick();
    const runs = bed.sql.exec<{ tasks: number; last: number }>(
      `SELECT count(*) AS tasks, max(schedule ->> 'plannedAt') AS last FROM tasks WHERE schedule ->> 'name' = 's'`,
    );
    assert.deepEqual({ ...runs[0] }, { tasks: 1001, last: bed.now });
  });

  test('a pause is like a downtime', (t) => {
    const bed = testLedger(t);
    put(bed, 's', HOURLY);
    bed.ledger.schedules.pause('s');
    passTo(bed, START + 2.5 * HOUR);
    assert.deepEqual(runsOf(bed), []);
    assert.equal(bed.ledger.nextTickAt(), null);
    bed.ledger.schedules.resume('s');
    passTo(bed, bed.now);
    assert.deepEqual(runsOf(bed), [120]);
  });
});

test('10,000 schedules that are due in the same second all run, in portions', (t) => {
  const bed = testLedger(t);
  for (let count = 0; count < 10_000; count += 1) put(bed, `s${count}`, HOURLY);
  bed.now = START + HOUR;
  let ticks = 0;
  for (; (bed.ledger.nextTickAt() ?? Number.POSITIVE_INFINITY) <= bed.now; ticks += 1) bed.ledger.tick();
  const [{ tasks } = { tasks: 0 }] = bed.sql.exec<{ tasks: number }>('SELECT count(*) AS tasks FROM tasks');
  assert.equal(tasks, 10_000);
  assert.ok(ticks >= 100, `one call advances a bounded number of schedules, not ${10_000 / ticks}`);
});

describe('a run by hand', () => {
  test('is inserted now, and a repeat is the same task', (t) => {
    const bed = testLedger(t);
    put(bed, 's', HOURLY);
    const run = bed.ledger.schedules.run('s', bed.now);
    assert.deepEqual(run, { taskIds: [lastTask(bed)], inserted: 1 });
    assert.deepEqual(bed.ledger.schedules.run('s', bed.now), { ...run, inserted: 0 });
    assert.equal(schedule(bed).nextAt, START + HOUR);
    assert.deepEqual(bed.ledger.schedules.run('none', bed.now), { unknown: true });
  });
});

describe('a backfill', () => {
  const HOURS = [1, 2, 3].map((hours) => START - hours * 24 * HOUR);

  test('inserts what the ledger does not have, once', (t) => {
    const bed = testLedger(t);
    put(bed, 's', HOURLY);
    const first = bed.ledger.schedules.backfill('s', HOURS.slice(0, 2), bed.now);
    assert.ok('taskIds' in first && first.inserted === 2);
    const again = bed.ledger.schedules.backfill('s', HOURS, bed.now);
    assert.ok('taskIds' in again && again.inserted === 1);
    assert.deepEqual(again.taskIds.slice(0, 2), first.taskIds);
    assert.ok(bed.row(first.taskIds[0] ?? '').schedule?.missed);
  });

  test('of a closed window inserts its tasks under ids of the request', (t) => {
    const bed = testLedger(t);
    put(bed, 's', HOURLY);
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
  const bed = testLedger(t);
  for (const name of ['b', 'a', 'c']) put(bed, name, HOURLY);
  const first = bed.ledger.schedules.list('', 2);
  assert.deepEqual([first.schedules.map(({ name }) => name), first.next], [['a', 'b'], 'b']);
  const second = bed.ledger.schedules.list('b', 2);
  assert.deepEqual([second.schedules.map(({ name }) => name), second.next], [['c'], null]);
});

test('the archive keeps the payload of a run', (t) => {
  const bed = testLedger(t);
  const payload = { text: 'x'.repeat(2000) };
  put(bed, 's', { ...HOURLY, payload });
  passTo(bed, START + HOUR);
  finishLast(bed);
  const window = lastTask(bed).slice(0, 8);
  bed.now += 5 * HOUR;
  bed.ledger.seal(window, { default: HOUR, types: {} });
  const page = bed.ledger.archivePage(window, 0, '', 1_000_000);
  assert.deepEqual(
    page?.tasks.map((task) => JSON.parse(task.payload ?? '')),
    [payload],
  );
  assert.equal(page?.tasks[0]?.schedule?.name, 's');
});
