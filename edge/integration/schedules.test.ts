import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { TaskView } from '../contract/api.ts';
import { Claim } from '../contract/buffer.ts';
import {
  Backfilled,
  Schedule,
  ScheduleDeleted,
  ScheduleDetails,
  ScheduleList,
  ScheduleRun,
} from '../contract/schedule.ts';
import { newSubmission, taskIdAt } from '../contract/task-id.ts';
import { expectError } from '../testing/assertions.ts';
import { read } from '../testing/caller.ts';
import { openEdge } from '../testing/shared-edges.ts';

const edge = openEdge();

async function put(name: string, settings: object): Promise<Schedule> {
  const answer = await edge.api.call(`/schedules/${name}`, { method: 'PUT', body: settings });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return read(answer, Schedule);
}

const YEARLY = { cron: '0 0 1 1 *', timezone: 'Europe/Berlin' };

describe('a schedule', () => {
  test('inserts its tasks by the alarm, and they say which planned time they run for', async () => {
    const type = 'schedule-ticking';
    const set = await put('ticking', { type, payload: { n: 1 }, everySeconds: 1, overlap: 'allow' });
    assert.equal(set.words, 'Every second');
    await edge.ready(type, 2);
    const order = { leaseId: randomUUID(), runner: 'r', wants: [{ types: [type], limit: 1 }] };
    const [task] = (await edge.buffer.read('/tasks/claim', Claim, order)).tasks;
    assert.ok(task?.schedule);
    assert.deepEqual([task.payload, task.schedule.name, task.schedule.missed], [{ n: 1 }, 'ticking', false]);
    const shown = await edge.api.read(`/tasks/${task.taskId}`, TaskView);
    assert.deepEqual([shown.schedule, shown.payload], [task.schedule, { n: 1 }]);
    const { lastLateMs = 9999 } = await edge.api.read('/schedules/ticking', ScheduleDetails);
    assert.ok(lastLateMs < 1000, `${lastLateMs} ms`);
    const deleted = await edge.api.call('/schedules/ticking', { method: 'DELETE' });
    assert.equal(read(deleted, ScheduleDeleted).deleted, true);
  });

  test('is read with its next ten times, listed, paused, resumed and deleted', async () => {
    await put('yearly', { type: 'schedule-yearly', ...YEARLY });
    const { next, paused } = await edge.api.read('/schedules/yearly', ScheduleDetails);
    assert.deepEqual([next.length, new Set(next).size, paused], [10, 10, false]);
    assert.ok(next.every((at) => at.endsWith('-12-31T23:00:00.000Z')));
    const page = await edge.api.read('/schedules?limit=1&cursor=yearl', ScheduleList);
    assert.deepEqual([page.schedules[0]?.name, page.count], ['yearly', 1]);
    assert.equal(read(await edge.api.post('/schedules/yearly/pause', {}), Schedule).paused, true);
    assert.equal(read(await edge.api.post('/schedules/yearly/resume', {}), Schedule).paused, false);
    for (const deleted of [true, false]) {
      const answer = await edge.api.call('/schedules/yearly', { method: 'DELETE' });
      assert.equal(read(answer, ScheduleDeleted).deleted, deleted);
    }
    for (const path of ['', '/pause', '/resume', '/run']) {
      const method = path === '' ? 'GET' : 'POST';
      expectError(await edge.api.call(`/schedules/yearly${path}`, { method }), 'schedule_not_found');
    }
  });

  test('runs by hand, once for each Submission-Id', async () => {
    await put('by-hand', { type: 'schedule-by-hand', ...YEARLY });
    const headers = { 'Submission-Id': taskIdAt(newSubmission(Date.now(), 0, new Uint8Array(6)), 0) };
    const run = () => edge.api.call('/schedules/by-hand/run', { method: 'POST', headers });
    const [first, second] = [await run(), await run()];
    assert.deepEqual([first.status, second.status], [201, 200]);
    assert.equal(read(first, ScheduleRun).taskId, read(second, ScheduleRun).taskId);
    const others = await Promise.all(
      [1, 2, 3].map(() => edge.api.read('/schedules/by-hand/run', ScheduleRun, {})),
    );
    assert.equal(new Set(others.map(({ taskId }) => taskId)).size, 3);
  });

  test('is backfilled, and a repeat inserts nothing', async () => {
    await put('filled', { type: 'schedule-filled', cron: '0 * * * *' });
    const to = new Date(Date.now() - 3_600_000).toISOString();
    const from = new Date(Date.now() - 11 * 3_600_000).toISOString();
    const backfill = async () =>
      read(await edge.api.post('/schedules/filled/backfill', { from, to }), Backfilled);
    const first = await backfill();
    assert.deepEqual([first.count, first.taskIds.length], [10, 10]);
    assert.deepEqual(await backfill(), { ...first, count: 0 });
  });
});

describe('is refused', () => {
  const cases: [string, object, RegExp][] = [
    ['a cron expression with a fault', { cron: '61 * * * *' }, /^cron: The minute "61" is not valid/],
    ['an unknown zone', { cron: '* * * * *', timezone: 'Mars/Phobos' }, /^timezone: Expected the IANA name/],
    ['an interval under one second', { everySeconds: 0.5 }, /^everySeconds: .*at least one second/],
    ['an interval of half seconds', { everySeconds: 2.5 }, /^everySeconds: Expected whole seconds/],
    [
      'a time before 1970',
      { everySeconds: 5, startAt: '1969-01-01T00:00:00Z' },
      /^startAt: Expected a time from 1970/,
    ],
    ['cron beside an interval', { cron: '* * * * *', everySeconds: 5 }, /either `cron` or `everySeconds`/],
    ['neither of them', {}, /either `cron` or `everySeconds`/],
    [
      'an end before the start',
      { everySeconds: 5, startAt: '2027-01-01T00:00:00Z', endAt: '2026-01-01T00:00:00Z' },
      /^endAt: Expected a time after `startAt`/,
    ],
    ['an end in the past', { everySeconds: 5, endAt: '2020-01-01T00:00:00Z' }, /at least one planned time/],
    [
      'all missed times that would be skipped',
      { everySeconds: 5, missed: 'all' },
      /^missed: Expected `overlap`/,
    ],
    ['an unknown field', { everySeconds: 5, every: 5 }, /"every"/],
    ['a payload over 96 KB', { everySeconds: 5, payload: 'x'.repeat(100_000) }, /^payload: .*98304 bytes/],
  ];
  for (const [what, settings, message] of cases) {
    test(what, async () => {
      const body = { type: 'schedule-refused', ...settings };
      const answer = await edge.api.call('/schedules/refused', { method: 'PUT', body });
      assert.match(expectError(answer, 'invalid_request').error, message);
    });
  }

  test('a backfill of times before 1970, for which there are no ids', async () => {
    await put('ancient', { type: 'schedule-ancient', everySeconds: 3600 });
    const body = { from: '1969-12-30T00:00:00Z', to: '1969-12-31T23:59:59Z' };
    const answer = await edge.api.post('/schedules/ancient/backfill', body);
    assert.match(expectError(answer, 'invalid_request').error, /^from: Expected a time from 1970/);
  });

  test('a backfill of more than 20 MB', async () => {
    await put('heavy', { type: 'schedule-heavy', cron: '* * * * *', payload: 'x'.repeat(90_000) });
    const body = { from: '2026-01-01T00:00:00Z', to: '2026-01-01T05:00:00Z' };
    const { error } = expectError(await edge.api.post('/schedules/heavy/backfill', body), 'invalid_request');
    assert.match(error, /at most 231 planned times, got 301: backfill up to 2026-01-01T03:50:00.000Z first/);
  });

  test('a backfill of more than 1,000 times: it says how many there are and how to portion it', async () => {
    await put('many', { type: 'schedule-many', cron: '* * * * *' });
    const body = { from: '2026-01-01T00:00:00Z', to: '2026-01-01T19:59:00Z' };
    const { error } = expectError(await edge.api.post('/schedules/many/backfill', body), 'invalid_request');
    assert.match(
      error,
      /at most 1000 planned times, got 1200: backfill up to 2026-01-01T16:39:00.000Z first, then from 2026-01-01T16:40:00.000Z/,
    );
  });
});
