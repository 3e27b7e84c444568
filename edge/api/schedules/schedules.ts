import type { SchedulePage, SchedulePut, ScheduleRow } from '../../contract/ledger/schedules.ts';
import { MAX_INLINE_BYTES, MAX_SCHEDULES } from '../../contract/limits.ts';
import {
  Schedule,
  ScheduleDeleted,
  ScheduleDetails,
  ScheduleList,
  ScheduleSettings,
  SchedulesQuery,
} from '../../contract/schedule.ts';
import { byteLength } from '../../contract/text.ts';
import { iso } from '../../contract/time.ts';
import { unlessBusy } from '../../http/busy.ts';
import { ApiError, invalidRequest } from '../../http/errors.ts';
import { readBody, readQuery } from '../../http/input.ts';
import { ledgerOf } from '../../platform/ledger.ts';
import { cronFault, isTimezone, slotAfter, slotsBetween } from '../../schedule/slots.ts';
import type { ApiContext, ApiRoute } from '../env.ts';
import { ledgerFull, noCapacityForTypes } from '../submission/capacity.ts';
import { expectDepth } from '../submission/prepare.ts';
import { readName, SCHEDULE_EXAMPLE, SETTINGS_EXAMPLE, scheduleOr404, settingsOf, viewOf } from './view.ts';

/** How many planned times the details of a schedule list. */
const SHOWN_TIMES = 10;

/** `PUT /schedules/:name`. */
export const putSchedule: ApiRoute = [
  {
    name: 'putSchedule',
    summary: 'Create a schedule or change its settings',
    description:
      'The schedule then has these settings and no others. The same settings again change nothing. If the planned times change, they count from now.',
    tag: 'Schedules',
    tokens: ['client'],
    body: { schema: ScheduleSettings, example: SETTINGS_EXAMPLE },
    answer: { schema: Schedule, example: SCHEDULE_EXAMPLE },
    errors: ['too_many_types', 'too_many_schedules', 'full'],
  },
  async (c) => {
    const name = readName(c);
    const settings = readSettings(c);
    const refusal = await noCapacityForTypes(c, [settings.type]);
    if (refusal) throw refusal;
    const { payload, ...others } = settings;
    const answer: SchedulePut = await ledgerOf(c.env).putSchedule(
      name,
      JSON.stringify(others),
      payload === undefined ? null : JSON.stringify(payload),
    );
    if ('full' in answer) throw ledgerFull();
    if ('tooMany' in answer) {
      const message = `There are ${MAX_SCHEDULES} schedules: delete one before you create "${name}"`;
      throw new ApiError('too_many_schedules', message, { name });
    }
    return c.json(viewOf(answer.schedule));
  },
];

function readSettings(c: ApiContext): ScheduleSettings {
  const settings = readBody(c, ScheduleSettings);
  const { cron, timezone, payload = {} } = settings;
  if (timezone !== undefined && !isTimezone(timezone)) {
    const message = `Expected the IANA name of a time zone such as "Europe/Berlin", got "${timezone}"`;
    throw invalidRequest({ path: ['timezone'], message });
  }
  const fault = cron === undefined ? undefined : cronFault(cron);
  if (fault !== undefined) throw invalidRequest({ path: ['cron'], message: fault });
  expectDepth(payload, ['payload']);
  const bytes = byteLength(JSON.stringify(payload));
  if (bytes > MAX_INLINE_BYTES) {
    const message = `Expected a payload of at most ${MAX_INLINE_BYTES} bytes for a schedule, got ${bytes}`;
    throw invalidRequest({ path: ['payload'], message });
  }
  if (slotAfter(settings, Date.now(), Date.now()) === null) {
    throw invalidRequest({
      path: ['endAt'],
      message: 'Expected at least one planned time from now to `endAt`',
    });
  }
  return settings;
}

/** `GET /schedules/:name`. */
export const getSchedule: ApiRoute = [
  {
    name: 'getSchedule',
    summary: 'Get a schedule with its next ten planned times',
    tag: 'Schedules',
    tokens: ['client'],
    answer: { schema: ScheduleDetails, example: { ...SCHEDULE_EXAMPLE, next: [SCHEDULE_EXAMPLE.nextRunAt] } },
    errors: ['invalid_request', 'schedule_not_found'],
  },
  async (c) => {
    const name = readName(c);
    const row = scheduleOr404(name, await ledgerOf(c.env).schedule(name));
    const answer: ScheduleDetails = { ...viewOf(row), next: nextTimes(row).map(iso) };
    return c.json(answer);
  },
];

function nextTimes(row: ScheduleRow): number[] {
  const { anchorAt, nextAt, fault } = row;
  if (nextAt === null || fault !== null) return [];
  return slotsBetween(settingsOf(row), anchorAt, nextAt, Number.POSITIVE_INFINITY, SHOWN_TIMES);
}

/** `GET /schedules`. */
export const listSchedules: ApiRoute = [
  {
    name: 'listSchedules',
    summary: 'List schedules by name',
    description:
      'A page stops at `limit` schedules or at 256 KB. If the response has a `nextCursor`, there may be more: call again with it as `cursor`.',
    tag: 'Schedules',
    tokens: ['client'],
    query: SchedulesQuery,
    answer: { schema: ScheduleList, example: { schedules: [SCHEDULE_EXAMPLE], count: 1 } },
    errors: ['unavailable'],
  },
  async (c) => {
    const { limit, cursor = '' } = readQuery(c, SchedulesQuery);
    const page = await ledgerOf(c.env).schedules(cursor, limit);
    const { schedules, next } = unlessBusy<SchedulePage>(page);
    const answer: ScheduleList = {
      schedules: schedules.map(viewOf),
      count: schedules.length,
      ...(next !== null && { nextCursor: next }),
    };
    return c.json(answer);
  },
];

/** `DELETE /schedules/:name`. */
export const deleteSchedule: ApiRoute = [
  {
    name: 'deleteSchedule',
    summary: 'Delete a schedule; its tasks stay',
    tag: 'Schedules',
    tokens: ['client'],
    answer: { schema: ScheduleDeleted, example: { success: true, name: 'nightly-report', deleted: true } },
    errors: ['invalid_request'],
  },
  async (c) => {
    const name = readName(c);
    const answer: ScheduleDeleted = {
      success: true,
      name,
      deleted: await ledgerOf(c.env).deleteSchedule(name),
    };
    return c.json(answer);
  },
];

/** `POST /schedules/:name/pause`. */
export const pauseSchedule: ApiRoute = [
  {
    name: 'pauseSchedule',
    summary: 'Pause a schedule: it inserts no tasks; those that it has inserted run',
    tag: 'Schedules',
    tokens: ['client'],
    answer: { schema: Schedule, example: { ...SCHEDULE_EXAMPLE, paused: true } },
    errors: ['invalid_request', 'schedule_not_found'],
  },
  async (c) => {
    const name = readName(c);
    return c.json(viewOf(scheduleOr404(name, await ledgerOf(c.env).pauseSchedule(name))));
  },
];

/** `POST /schedules/:name/resume`. */
export const resumeSchedule: ApiRoute = [
  {
    name: 'resumeSchedule',
    summary: 'Resume a paused schedule',
    description: 'Planned times that passed meanwhile were missed: `missed` says which of them run.',
    tag: 'Schedules',
    tokens: ['client'],
    answer: { schema: Schedule, example: SCHEDULE_EXAMPLE },
    errors: ['invalid_request', 'schedule_not_found'],
  },
  async (c) => {
    const name = readName(c);
    return c.json(viewOf(scheduleOr404(name, await ledgerOf(c.env).resumeSchedule(name))));
  },
];
