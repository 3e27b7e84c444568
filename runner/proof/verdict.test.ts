import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TaskView } from '../../edge/contract/api.ts';
import type { Run } from './run-log.ts';
import { type Accepted, type Evidence, holds, judge } from './verdict.ts';

const TASK = 'task-1';
const RUN = '01890a5d-ac96-4b4e-8f7a-2d1f3c5b7a99';
const OTHER_RUN = '01890a5d-ac96-4b4e-8f7a-2d1f3c5b7a98';

function accepted(changes: Partial<Accepted> = {}): Accepted {
  const step = { task: { type: 'chaos-step', payload: { index: 0, ms: 1 } }, ends: ['completed' as const] };
  return { taskId: TASK, step, cancelled: false, ...changes };
}

function view(changes: Partial<TaskView> = {}): TaskView {
  return {
    ...{ taskId: TASK, type: 'chaos-step', status: 'completed', attempt: 1, maxAttempts: 3, priority: 0 },
    ...{ createdAt: '2026-01-01T00:00:00.000Z', completedAt: '2026-01-01T00:00:01.000Z' },
    ...{ payload: {}, attempts: [], result: { run: RUN } },
    ...changes,
  };
}

function run(changes: Partial<Run> = {}): Run {
  return { run: RUN, taskId: TASK, attempt: 1, pid: 1, startedAt: 0, end: { how: 'ok', at: 10 }, ...changes };
}

function attemptUntil(ms: number) {
  const [startedAt, endedAt] = [new Date(0).toISOString(), new Date(ms).toISOString()];
  return { attempt: 1, runner: 'runner-1', startedAt, endedAt };
}

function evidence(changes: Partial<Evidence> = {}): Evidence {
  return {
    accepted: [accepted()],
    listed: [TASK],
    views: new Map([[TASK, view()]]),
    runs: [run()],
    lives: [],
    changed: new Map(),
    ...changes,
  };
}

test('a task that ran once and completed keeps the promise', () => {
  const verdict = judge(evidence());
  assert.ok(holds(verdict));
  assert.deepEqual([verdict.accepted, verdict.completed, verdict.runs, verdict.runAgain], [1, 1, 1, 0]);
});

describe('the promise is broken by', () => {
  const interrupted = run({ run: OTHER_RUN, pid: 2, attempt: 2, startedAt: 5 });
  const broken: [string, keyof ReturnType<typeof judge>, Partial<Evidence>][] = [
    ['a task that is unknown', 'lost', { views: new Map() }],
    [
      'a task that does not end',
      'lost',
      { views: new Map([[TASK, view({ status: 'processing', completedAt: undefined })]]) },
    ],
    [
      'a task that should not fail',
      'endedOtherwise',
      { views: new Map([[TASK, view({ status: 'failed' })]]) },
    ],
    [
      'a task that completed although it was cancelled',
      'endedOtherwise',
      { accepted: [accepted({ cancelled: true })] },
    ],
    ['a task that no answer contained', 'acceptedTwice', { listed: [TASK, 'task-2'] }],
    ['a task whose end changed', 'endedTwice', { changed: new Map([[TASK, 'completed, later failed']]) }],
    ['a result that belongs to no run', 'endedTwice', { runs: [run({ run: OTHER_RUN })] }],
    ['a result of a run that failed', 'endedTwice', { runs: [run({ end: { how: 'failed', at: 10 } })] }],
    ['two runs at once', 'overlapped', { runs: [run(), interrupted] }],
    [
      'a run of an attempt that has ended',
      'ranAfterItsEnd',
      {
        runs: [run(), { ...interrupted, attempt: 1, startedAt: 20 }],
        views: new Map([[TASK, view({ attempts: [attemptUntil(15)] })]]),
      },
    ],
    ['an attempt beyond the maximum', 'beyondMaximum', { views: new Map([[TASK, view({ attempt: 4 })]]) }],
  ];
  for (const [name, figure, changes] of broken) {
    test(name, () => {
      const verdict = judge(evidence(changes));
      assert.ok(!holds(verdict));
      assert.notDeepEqual(verdict[figure], []);
    });
  }
});

test('a run without an end lasts until the end of its process', () => {
  const second = run({ pid: 2, attempt: 2, startedAt: 100, end: { how: 'ok', at: 110 } });
  const killed: Run = { run: OTHER_RUN, taskId: TASK, attempt: 1, pid: 1, startedAt: 0 };
  const judged = (endedAt: number) =>
    judge(evidence({ runs: [killed, second], lives: [{ pid: 1, endedAt }] }));
  assert.ok(holds(judged(99)));
  assert.equal(judged(99).runAgain, 1);
  assert.equal(judged(101).overlapped.length, 1);
});

test('an attempt may run again if its start was never reported', () => {
  const unheard = run({ run: OTHER_RUN, end: { how: 'ok', at: 3 } });
  const second = run({ pid: 2, startedAt: 20, end: { how: 'ok', at: 25 } });
  const views = new Map([[TASK, view({ attempts: [attemptUntil(30)] })]]);
  assert.ok(holds(judge(evidence({ runs: [unheard, second], views }))));
});

test('a run after an expected failure does not count as run again', () => {
  const failed = run({ run: OTHER_RUN, end: { how: 'failed', at: 3 } });
  const second = run({ attempt: 2, startedAt: 5 });
  assert.equal(judge(evidence({ runs: [failed, second] })).runAgain, 0);
});
