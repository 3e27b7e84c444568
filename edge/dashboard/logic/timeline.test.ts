import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TaskView } from '../../contract/api.ts';
import { layTimeline, type Span } from './timeline.ts';

const CREATED = Date.UTC(2026, 0, 1);
const iso = (seconds: number) => new Date(CREATED + seconds * 1000).toISOString();
const at = (seconds: number) => CREATED + seconds * 1000;

const TASK: TaskView = {
  taskId: '01a20b7b-d309-7000-9542-e9e3ee7d0000',
  status: 'pending',
  type: 'email',
  createdAt: iso(0),
  attempt: 0,
  maxAttempts: 3,
  payload: {},
  priority: 0,
  attempts: [],
};
const attempt = (number: number, start: number, end: number, failed = true) => ({
  attempt: number,
  runner: 'r1',
  startedAt: iso(start),
  endedAt: iso(end),
  ...(failed && { error: { code: 'task_error', message: 'It broke' } }),
});

const brief = (spans: Span[]) =>
  spans.map(({ kind, from, to }) => [kind, (from - CREATED) / 1000, (to - CREATED) / 1000]);

test('waits and attempts follow one another until the end', () => {
  const task: TaskView = {
    ...TASK,
    status: 'completed',
    attempt: 2,
    completedAt: iso(10),
    attempts: [attempt(1, 1, 2), attempt(2, 6, 10, false)],
  };
  const spans = layTimeline(task, at(99));
  assert.deepEqual(brief(spans), [
    ['waited', 0, 1],
    ['attempt', 1, 2],
    ['waited', 2, 6],
    ['attempt', 6, 10],
  ]);
  assert.deepEqual(
    spans.map(({ start, width }) => [start, width]),
    [
      [0, 0.1],
      [0.1, 0.1],
      [0.2, 0.4],
      [0.6, 0.4],
    ],
  );
});

test('a running attempt lasts from its claim until now', () => {
  const task: TaskView = { ...TASK, status: 'processing', attempt: 2, attempts: [attempt(1, 1, 2)] };
  const spans = layTimeline(task, at(8), { runner: 'r2', since: at(5) });
  assert.deepEqual(brief(spans), [
    ['waited', 0, 1],
    ['attempt', 1, 2],
    ['waited', 2, 5],
    ['running', 5, 8],
  ]);
  const unknown = layTimeline(task, at(8)).at(-1);
  assert.deepEqual(unknown && brief([unknown]), [['running', 2, 8]]);
  assert.ok(unknown?.kind === 'running' && !unknown.sinceKnown);
});

test('a pending task waits until now or until its start time', () => {
  assert.deepEqual(brief(layTimeline(TASK, at(4))), [['waits', 0, 4]]);
  assert.deepEqual(brief(layTimeline({ ...TASK, runAt: iso(60) }, at(4))), [['scheduled', 0, 60]]);
  assert.deepEqual(brief(layTimeline({ ...TASK, runAt: iso(2) }, at(4))), [['waits', 0, 4]]);
});

test('a task that was cancelled before it ran has only a wait', () => {
  const task: TaskView = { ...TASK, status: 'cancelled', completedAt: iso(3) };
  assert.deepEqual(brief(layTimeline(task, at(9))), [['waited', 0, 3]]);
});

test('attempts that are no longer stored are one separate span', () => {
  const task: TaskView = { ...TASK, status: 'failed', completedAt: iso(9), attempts: [attempt(5, 8, 9)] };
  assert.deepEqual(brief(layTimeline(task, at(9))), [
    ['forgotten', 0, 8],
    ['attempt', 8, 9],
  ]);
});

test('with different clocks no span is before the creation or outside the line', () => {
  const task: TaskView = { ...TASK, status: 'failed', completedAt: iso(0), attempts: [attempt(1, 0, -1)] };
  const [only, ...others] = layTimeline(task, at(0));
  assert.deepEqual([only?.start, only?.width, others.length], [0, 0, 0]);
});
