import * as z from 'zod';
import { SubmissionId } from '../../contract/api.ts';
import type { ScheduleRow, ScheduleRuns } from '../../contract/ledger/schedules.ts';
import type { Full } from '../../contract/ledger/tasks.ts';
import { MAX_BACKFILL_BYTES, MAX_SCHEDULED_TIMES } from '../../contract/limits.ts';
import { Backfilled, BackfillRequest, ScheduleRun } from '../../contract/schedule.ts';
import { byteLength } from '../../contract/text.ts';
import { iso } from '../../contract/time.ts';
import { invalidRequest } from '../../http/errors.ts';
import { CREATED_AT, TASK_ID } from '../../http/examples.ts';
import { readBody } from '../../http/input.ts';
import { CALL_ITEMS, ledgerOf } from '../../platform/ledger.ts';
import { slotsBetween } from '../../schedule/slots.ts';
import type { ApiRoute } from '../env.ts';
import { ledgerFull } from '../submission/capacity.ts';
import { requestTime } from '../submission/submission-id.ts';
import { readName, scheduleNotFound, scheduleOr404, settingsOf } from './view.ts';

/** How many planned times are counted for the error of a backfill that is too large. */
const MAX_COUNTED_TIMES = 5000;
/** How many bytes of payload one call to the ledger inserts. Other calls wait meanwhile. */
const CALL_BYTES = 512 * 1024;

const RunHeaders = z.object({
  'Submission-Id': SubmissionId.optional().meta({
    description:
      'A UUIDv7 that the client creates for the request, at most ten minutes old. A repeat with the same id inserts nothing again.',
  }),
});

/** `POST /schedules/:name/run`. */
export const runSchedule: ApiRoute = [
  {
    name: 'runSchedule',
    summary: 'Run a schedule now, in addition to its planned times',
    description: 'The task is inserted whatever `overlap` says, even if the schedule is paused.',
    tag: 'Schedules',
    tokens: ['client'],
    headers: RunHeaders,
    answer: {
      status: 201,
      schema: ScheduleRun,
      example: { success: true, name: 'nightly-report', taskId: TASK_ID, plannedAt: CREATED_AT },
    },
    errors: ['invalid_request', 'submission_id_not_current', 'schedule_not_found', 'full'],
  },
  async (c) => {
    const name = readName(c);
    const plannedAt = requestTime(c);
    const key = c.req.header('Submission-Id') ?? crypto.randomUUID();
    const run = await ledgerOf(c.env).runSchedule(name, plannedAt, key);
    const { taskIds, inserted } = runsOr404(name, run);
    const answer: ScheduleRun = { success: true, name, taskId: taskIds[0] ?? '', plannedAt: iso(plannedAt) };
    return c.json(answer, inserted === 0 ? 200 : 201);
  },
];

/** `POST /schedules/:name/backfill`. */
export const backfillSchedule: ApiRoute = [
  {
    name: 'backfillSchedule',
    summary: 'Insert the tasks of past planned times, up to 1,000 per call',
    description:
      'Both ends of the range are included. A planned time whose task is still in the ledger is left as it is, so you can repeat the call. A planned time whose task was archived gets a new task. All tasks are inserted at once, whatever `overlap` says.',
    tag: 'Schedules',
    tokens: ['client'],
    headers: RunHeaders,
    body: {
      schema: BackfillRequest,
      example: { from: '2026-01-01T00:00:00.000Z', to: '2026-01-02T00:00:00.000Z' },
    },
    answer: {
      status: 201,
      schema: Backfilled,
      example: { success: true, name: 'nightly-report', taskIds: [TASK_ID], count: 1 },
    },
    errors: ['submission_id_not_current', 'schedule_not_found', 'full'],
  },
  async (c) => {
    const name = readName(c);
    const { from, to } = readBody(c, BackfillRequest);
    const requestedAt = requestTime(c);
    const ledger = ledgerOf(c.env);
    const row = scheduleOr404(name, await ledger.schedule(name));
    const times = timesOf(row, Date.parse(from), Date.parse(to));
    const taskIds: string[] = [];
    let count = 0;
    const items = Math.min(CALL_ITEMS, Math.max(1, Math.floor(CALL_BYTES / bytesOf(row))));
    for (let first = 0; first < times.length; first += items) {
      const some = times.slice(first, first + items);
      const runs = runsOr404(name, await ledger.backfillSchedule(name, some, requestedAt));
      taskIds.push(...runs.taskIds);
      count += runs.inserted;
    }
    const answer: Backfilled = { success: true, name, taskIds, count };
    return c.json(answer, 201);
  },
];

/** The planned times of a range in the past. */
function timesOf(row: ScheduleRow, from: number, to: number): number[] {
  const { anchorAt } = row;
  const settings = settingsOf(row);
  if (to > Date.now()) {
    throw invalidRequest({
      path: ['to'],
      message: 'Expected a time that has passed: later times are still planned',
    });
  }
  // Intervals are counted backwards too, to times before the schedule was set.
  const everyMs = (settings.everySeconds ?? 0) * 1000;
  const anchor =
    everyMs === 0 || settings.startAt
      ? anchorAt
      : anchorAt - everyMs * Math.ceil(Math.max(0, anchorAt - from) / everyMs + 1);
  const times = slotsBetween(settings, anchor, from, to, MAX_COUNTED_TIMES + 1);
  const most = Math.min(MAX_SCHEDULED_TIMES, Math.floor(MAX_BACKFILL_BYTES / bytesOf(row)));
  if (times.length <= most) return times;
  const number = times.length > MAX_COUNTED_TIMES ? `more than ${MAX_COUNTED_TIMES}` : `${times.length}`;
  const last = iso(times[most - 1] ?? to);
  const next = iso(times[most] ?? to);
  throw invalidRequest({
    path: ['to'],
    message: `Expected at most ${most} planned times, got ${number}: backfill up to ${last} first, then from ${next}`,
  });
}

/** The size of a task of a schedule, roughly. */
function bytesOf({ payload }: ScheduleRow): number {
  return 500 + byteLength(payload ?? '');
}

/** @throws {ApiError} 404 if there is no such schedule, 503 if the ledger is full. */
function runsOr404(name: string, answer: ScheduleRuns | Full): { taskIds: string[]; inserted: number } {
  if ('taskIds' in answer) return answer;
  throw 'full' in answer ? ledgerFull() : scheduleNotFound(name);
}
