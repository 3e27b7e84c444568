import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HeldTask } from '../held-task.ts';
import { heldTask } from '../testing/held-tasks.ts';
import { type LaneWork, MAX_READ_AHEAD, ReadAhead } from './read-ahead.ts';

const FAST = 'fast';
const SLOW = 'slow';
const REFILL_MS = 100;

function taskOf(type: string, rest: Partial<HeldTask> = {}): HeldTask {
  const held = heldTask({ do: 'return' });
  return { ...held, entry: { ...held.entry, type }, ...rest };
}

function tasksOf(type: string, count: number, rest?: Partial<HeldTask>): HeldTask[] {
  return Array.from({ length: count }, () => taskOf(type, rest));
}

/** The read-ahead of a lane with two slots that has run tasks of 10 ms and of one minute. */
function measured(): ReadAhead {
  const readAhead = new ReadAhead(2);
  readAhead.recordEnd(taskOf(FAST), 10);
  readAhead.recordEnd(taskOf(SLOW), 60_000);
  return readAhead;
}

function work(rest: Partial<LaneWork> = {}): LaneWork {
  return { slots: 2, freeSlots: 2, waiting: [], handed: [], unreported: [], ...rest };
}

const busy = (type: string, ranMs = 0) =>
  tasksOf(type, 2).map((held) => ({ held, startedAt: performance.now() - ranMs }));
const demand = (readAhead: ReadAhead, rest?: Partial<LaneWork>) =>
  readAhead.demand(work(rest), REFILL_MS, MAX_READ_AHEAD);

test('only types known to be short are read ahead, each as far as its tasks end within two refills', () => {
  const readAhead = measured();
  readAhead.recordEnd(taskOf('shorter'), 5);
  assert.deepEqual(demand(readAhead), {
    limit: 802,
    starts: 2,
    ahead: { [FAST]: 400, shorter: 800 },
  });
});

test('tasks of all types and unreported tasks count against the bound', () => {
  const readAhead = measured();
  const waiting = tasksOf(FAST, 100);
  const rest = { freeSlots: 0, waiting, handed: busy(FAST), unreported: tasksOf(FAST, 50) };
  assert.deepEqual(demand(readAhead, rest), { limit: 250, starts: 0, ahead: { [FAST]: 250 } });
  assert.equal(demand(readAhead, { ...rest, unreported: tasksOf(FAST, 200) }).limit, 0);
  assert.deepEqual(demand(readAhead, { unreported: tasksOf(SLOW, 1) }).starts, 2);
  assert.equal(demand(new ReadAhead(2), { unreported: tasksOf(SLOW, 1) }).limit, 1);
});

test('slots of stuck threads claim nothing, and without any free thread waiting tasks are given back', () => {
  const readAhead = measured();
  assert.deepEqual(demand(readAhead, { slots: 1, freeSlots: 1 }), {
    limit: 201,
    starts: 1,
    ahead: { [FAST]: 200 },
  });
  const waiting = tasksOf(FAST, 3);
  assert.deepEqual(demand(readAhead, { slots: 0, freeSlots: 0 }), { limit: 0, starts: 0 });
  assert.deepEqual(readAhead.toGiveBack(work({ slots: 0, freeSlots: 0, waiting })), waiting);
});

test('if slow tasks occupy all slots, nothing is read ahead and waiting tasks are given back', () => {
  const readAhead = measured();
  const waiting = tasksOf(FAST, 20);
  for (const handed of [busy(SLOW), busy(FAST, 4000)]) {
    const rest = { freeSlots: 0, waiting, handed };
    assert.deepEqual(readAhead.toGiveBack(work(rest)), waiting);
    assert.equal(demand(readAhead, { ...rest, waiting: [] }).limit, 0);
  }
  assert.deepEqual(readAhead.toGiveBack(work({ freeSlots: 0, waiting, handed: busy(FAST) })), []);
});

test('tasks that would wait for too long are given back when their type turns out slower', () => {
  const readAhead = measured();
  const waiting = tasksOf(FAST, 100);
  for (let i = 0; i < 30; i += 1) readAhead.recordEnd(taskOf(FAST), 1000);
  const back = readAhead.toGiveBack(work({ freeSlots: 0, waiting, handed: busy(FAST) }));
  assert.deepEqual(back, waiting.slice(11));
});

test('tasks that have waited for some seconds are given back, even if they should start soon', () => {
  const late = tasksOf(FAST, 3, { arrivedAt: performance.now() - 6000 });
  const waiting = [...late, ...tasksOf(FAST, 3)];
  assert.deepEqual(measured().toGiveBack(work({ waiting, handed: busy(FAST) })), late);
});

test('after a give-back nothing is read ahead for a while, then one more task for each started task', (t) => {
  const readAhead = measured();
  readAhead.pause();
  assert.deepEqual(demand(readAhead), { limit: 2, starts: 2 });
  const later = performance.now() + 2500;
  t.mock.method(performance, 'now', () => later);
  assert.deepEqual(demand(readAhead).ahead, { [FAST]: 2 });
  assert.equal(demand(readAhead, { freeSlots: 0, handed: busy(FAST), waiting: tasksOf(FAST, 2) }).limit, 0);
  for (const held of tasksOf(FAST, 10)) readAhead.recordStart(held);
  assert.deepEqual(demand(readAhead).ahead, { [FAST]: 12 });
});

test('a task that stays at the head of the ledger while others are read ahead gets the next free slot', () => {
  const readAhead = measured();
  const head = { priority: 0, runAt: '2026-01-01T00:00:00.000Z' };
  const full = { freeSlots: 0, handed: busy(FAST) };
  readAhead.recordClaim(tasksOf(FAST, 10), head);
  assert.ok(demand(readAhead, full).limit > 0);
  readAhead.recordClaim(tasksOf(FAST, 10), head);
  assert.equal(demand(readAhead, full).limit, 0);
  assert.deepEqual(demand(readAhead, { freeSlots: 1 }).starts, 1);
  readAhead.recordClaim(tasksOf(FAST, 10), { ...head, runAt: '2026-01-01T00:00:00.001Z' });
  assert.ok(demand(readAhead, full).limit > 0);
});

test('if no remaining task may be read ahead, the lane does not ask before a slot is free', () => {
  const readAhead = measured();
  readAhead.recordClaim([], { priority: 0, runAt: '2026-01-01T00:00:00.000Z' });
  assert.equal(demand(readAhead, { freeSlots: 0, handed: busy(FAST) }).limit, 0);
  assert.ok(demand(readAhead).ahead);
});
