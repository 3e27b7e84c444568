import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ScheduleSettings } from '../../../contract/schedule.ts';
import { HOUR, MINUTE, SECOND, START } from '../testing.ts';
import { HOURLY, type ScheduleLedger, scheduleLedger } from './schedules.fixture.ts';

describe('while the last run is alive', () => {
  const setUp = (bed: ScheduleLedger, settings: Partial<ScheduleSettings>) => {
    bed.put({ ...HOURLY, ...settings });
    bed.passTo(START + HOUR);
  };

  test('skip leaves out the planned time', (t) => {
    const bed = scheduleLedger(t);
    setUp(bed, {});
    bed.passTo(START + 2 * HOUR);
    assert.deepEqual(bed.runs(), [60]);
    assert.equal(bed.schedule().lastSkippedAt, START + 2 * HOUR);
    bed.finishLast();
    bed.passTo(START + 3 * HOUR);
    assert.deepEqual(bed.runs(), [60, 180]);
  });

  test('queue runs each planned time, one after another, in the call that ends the run before', (t) => {
    const bed = scheduleLedger(t);
    setUp(bed, { overlap: 'queue' });
    bed.passTo(START + 3 * HOUR);
    assert.deepEqual(bed.runs(), [60]);
    assert.equal(bed.schedule().queued, 2);
    bed.finishLast();
    assert.deepEqual(bed.runs(), [60, 120]);
    bed.ledger.cancel(bed.lastTask);
    assert.deepEqual(bed.runs(), [60, 120, 180]);
    assert.equal(bed.schedule().queued, 0);
  });

  test('queue waits for a cancelled run until its runner has dropped it', (t) => {
    const bed = scheduleLedger(t);
    setUp(bed, { overlap: 'queue' });
    const { leaseId } = bed.claim(['a'], { leaseSeconds: 2 * 3600 });
    const id = bed.lastTask;
    bed.passTo(START + 2 * HOUR);
    bed.ledger.cancel(id);
    assert.deepEqual(bed.runs(), [60]);
    bed.fail(id, leaseId);
    assert.deepEqual(bed.runs(), [60, 120]);
  });

  test('queue continues after a run that could not be delivered, failed, or expired', (t) => {
    const bed = scheduleLedger(t);
    setUp(bed, { overlap: 'queue', maxAttempts: 1 });
    bed.passTo(START + 2 * HOUR);
    bed.claim(['a'], { leaseSeconds: 1 });
    bed.passTo(START + 2 * HOUR + 2 * SECOND);
    assert.deepEqual(bed.runs(), [60, 120]);
    assert.equal(bed.schedule().lastAt, START + 2 * HOUR);
  });

  test('cancel ends a waiting run and starts the new one', (t) => {
    const bed = scheduleLedger(t);
    setUp(bed, { overlap: 'cancel' });
    const first = bed.lastTask;
    bed.passTo(START + 2 * HOUR);
    assert.deepEqual(bed.runs(), [60, 120]);
    assert.equal(bed.state(first), 'cancelled');
    assert.equal(bed.row(first).error?.message, 'The schedule "s" began its next run');
  });

  test('cancel starts the newest planned time once the runner has dropped the old run', (t) => {
    const bed = scheduleLedger(t);
    setUp(bed, { overlap: 'cancel' });
    const { leaseId } = bed.claim(['a'], { leaseSeconds: 3 * 3600 });
    const first = bed.lastTask;
    bed.passTo(START + 3 * HOUR);
    assert.deepEqual(bed.runs(), [60]);
    assert.equal(bed.schedule().queued, 1);
    bed.ledger.heartbeat([{ leaseId, holds: [] }]);
    assert.deepEqual(bed.runs(), [60, 180]);
    assert.equal(bed.state(first), 'cancelled');
  });

  test('allow runs both', (t) => {
    const bed = scheduleLedger(t);
    setUp(bed, { overlap: 'allow' });
    bed.passTo(START + 2 * HOUR);
    assert.deepEqual(bed.runs(), [60, 120]);
  });
});

describe('after a downtime of two days', () => {
  const down = (bed: ScheduleLedger, settings: Partial<ScheduleSettings>) => {
    bed.put({ ...HOURLY, overlap: 'allow', ...settings });
    bed.now = START + 48 * HOUR + 30 * MINUTE;
    while ((bed.ledger.nextTickAt() ?? Number.POSITIVE_INFINITY) <= bed.now) bed.ledger.tick();
    return bed.runs().map((minutes) => minutes / 60);
  };
  const from = (first: number) => Array.from({ length: 48 - first + 1 }, (_, index) => first + index);

  test('one runs the latest, marked as missed', (t) => {
    const bed = scheduleLedger(t);
    assert.deepEqual(down(bed, {}), [48]);
    assert.equal(bed.row(bed.lastTask).schedule?.missed, true);
    assert.equal(bed.row(bed.lastTask).runAt, bed.now, 'it has waited only since it was inserted');
    assert.equal(bed.schedule().nextAt, START + 49 * HOUR);
  });

  test('one runs nothing that is older than missedWithinSeconds', (t) => {
    assert.deepEqual(down(scheduleLedger(t), { missedWithinSeconds: 1000 }), []);
  });

  test('skip runs none', (t) => {
    const bed = scheduleLedger(t);
    assert.deepEqual(down(bed, { missed: 'skip' }), []);
    bed.passTo(START + 49 * HOUR);
    assert.deepEqual(bed.runs(), [49 * 60]);
  });

  test('all runs each of the last day, oldest first', (t) => {
    assert.deepEqual(down(scheduleLedger(t), { missed: 'all' }), from(25));
    assert.deepEqual(down(scheduleLedger(t), { missed: 'all', missedWithinSeconds: 200_000 }), from(1));
  });

  test('all runs 1,000 at most, then the latest', (t) => {
    const bed = scheduleLedger(t);
    const settings = { type: 'a', everySeconds: 10, missed: 'all', overlap: 'allow' } as const;
    bed.put(settings);
    bed.put(HOURLY, 'other');
    bed.now = START + 6 * HOUR;
    bed.ledger.tick();
    assert.deepEqual(bed.runs('other'), [360], 'a long backlog does not delay another schedule');
    while ((bed.ledger.nextTickAt() ?? Number.POSITIVE_INFINITY) <= bed.now) bed.ledger.tick();
    const runs = bed.sql.exec<{ tasks: number; last: number }>(
      `SELECT count(*) AS tasks, max(schedule ->> 'plannedAt') AS last FROM tasks WHERE schedule ->> 'name' = 's'`,
    );
    assert.deepEqual({ ...runs[0] }, { tasks: 1001, last: bed.now });
  });

  test('a pause is like a downtime', (t) => {
    const bed = scheduleLedger(t);
    bed.put(HOURLY);
    bed.ledger.schedules.pause('s');
    bed.passTo(START + 2.5 * HOUR);
    assert.deepEqual(bed.runs(), []);
    assert.equal(bed.ledger.nextTickAt(), null);
    bed.ledger.schedules.resume('s');
    bed.passTo(bed.now);
    assert.deepEqual(bed.runs(), [120]);
  });
});
