import * as z from 'zod';
import type { TaskSchedule } from './ledger/schedules.ts';
import { MAX_LIST_LIMIT, MAX_SCHEDULED_TIMES } from './limits.ts';
import {
  Backoff,
  MaxAttempts,
  Priority,
  Tag,
  TaskId,
  TaskStatus,
  TaskType,
  TimeoutSeconds,
  Timestamp,
} from './task.ts';
import { iso } from './time.ts';

/** The name of a schedule. It has the form of a task type, so that a type can give its name to its schedule. */
export const ScheduleName = TaskType;

/** What happens at a planned time while the last run is still alive. */
export const Overlap = z.enum(['skip', 'queue', 'cancel', 'allow']);
export type Overlap = z.infer<typeof Overlap>;

/** Which planned times run that passed while the queue was down or the schedule was paused. */
export const Missed = z.enum(['one', 'skip', 'all']);
export type Missed = z.infer<typeof Missed>;

const EverySeconds = z
  .number()
  .min(1, 'Expected an interval of at least one second')
  .max(366 * 86_400, 'Expected an interval of at most 366 days')
  .refine(Number.isInteger, 'Expected whole seconds')
  .meta({ override: { type: 'integer' } });

const EARLIEST = '1970-01-01T00:00:00Z';
const LATEST = '9000-01-01T00:00:00Z';

/** Ids contain planned times, so these are bounded. */
const PlannedTime = Timestamp.refine(
  (time) => Date.parse(time) >= Date.parse(EARLIEST) && Date.parse(time) <= Date.parse(LATEST),
  `Expected a time from ${EARLIEST} to ${LATEST}`,
);

/** When a schedule runs. Its other settings do not change its planned times. */
const TIMES = {
  /** Five fields, or six with seconds first. */
  cron: z.string().max(200).optional(),
  /** The interval between planned times, counted from `startAt` or from when the schedule was set. */
  everySeconds: EverySeconds.optional(),
  /** An IANA name such as `Europe/Berlin`; UTC by default. */
  timezone: z.string().min(1).max(64).optional(),
  startAt: PlannedTime.optional(),
  endAt: PlannedTime.optional(),
};

const TASK = {
  type: TaskType,
  payload: z.unknown().optional(),
  priority: Priority.optional(),
  tags: z.array(Tag).max(10).optional(),
  maxAttempts: MaxAttempts.optional(),
  backoff: Backoff.optional(),
  timeoutSeconds: TimeoutSeconds.optional(),
};

const RULES = {
  /** `skip` by default. */
  overlap: Overlap.optional(),
  /** `one` by default: the latest. */
  missed: Missed.optional(),
  /** How far `missed` looks back; 86,400 by default. */
  missedWithinSeconds: z
    .int()
    .min(1)
    .max(30 * 86_400)
    .optional(),
  /** Each task waits for a further random time of up to this many seconds. */
  jitterSeconds: z.number().min(0).max(3600).optional(),
};

const ORIGIN = {
  /** Whether `runner schedules apply` has set it, whose `--prune` deletes it once no task type declares it. */
  declared: z.boolean().optional(),
};

/** What holds for several settings together. */
function consistent<Shape extends typeof TIMES & typeof RULES & z.core.$ZodShape>(
  settings: z.ZodObject<Shape, z.core.$strict>,
) {
  return settings
    .refine(({ cron, everySeconds }: Together) => (cron === undefined) !== (everySeconds === undefined), {
      path: ['cron'],
      message: 'Expected either `cron` or `everySeconds`',
    })
    .refine(({ timezone, cron }: Together) => timezone === undefined || cron !== undefined, {
      path: ['timezone'],
      message: 'Expected a time zone only with `cron`: intervals do not depend on it',
    })
    .refine(({ startAt, endAt }: Together) => !startAt || !endAt || Date.parse(startAt) < Date.parse(endAt), {
      path: ['endAt'],
      message: 'Expected a time after `startAt`',
    })
    .refine(
      ({ missed, overlap }: Together) => missed !== 'all' || overlap === 'queue' || overlap === 'allow',
      {
        path: ['missed'],
        message:
          'Expected `overlap` to be `queue` or `allow` with `missed: "all"`: otherwise only one of them could run',
      },
    );
}
type Together = z.infer<z.ZodObject<typeof TIMES & typeof RULES>>;

/** `PUT /schedules/:name`. */
export const ScheduleSettings = consistent(z.strictObject({ ...TASK, ...TIMES, ...RULES, ...ORIGIN })).meta({
  id: 'ScheduleSettings',
});
export type ScheduleSettings = z.infer<typeof ScheduleSettings>;

const { type: _, ...OF_TASK } = TASK;

/** The schedule that a task type declares. Its name is that of the type by default. */
export const DeclaredSchedule = consistent(
  z.strictObject({ name: ScheduleName.optional(), ...OF_TASK, ...TIMES, ...RULES }),
);
export type DeclaredSchedule = z.infer<typeof DeclaredSchedule>;

/** A schedule and its state. */
export const Schedule = z
  .object({
    name: ScheduleName,
    ...TASK,
    ...TIMES,
    ...RULES,
    ...ORIGIN,
    /** The planned times in words; absent if the expression has no short form in words. */
    words: z.string().optional(),
    paused: z.boolean(),
    createdAt: Timestamp,
    /** Absent if no planned time is left. */
    nextRunAt: Timestamp.optional(),
    /** The planned time of the last run. */
    lastRunAt: Timestamp.optional(),
    lastTaskId: TaskId.optional(),
    /** Absent once the task is archived. */
    lastStatus: TaskStatus.optional(),
    /** How long after its planned time the last run was inserted, in milliseconds. */
    lastLateMs: z.int().optional(),
    /** The last planned time that did not run because the run before was alive. */
    lastSkippedAt: Timestamp.optional(),
    /** How many planned times wait for the end of the last run. */
    queued: z.int(),
    /** Why the schedule cannot run. To set it again clears this. */
    fault: z.string().optional(),
  })
  .meta({ id: 'Schedule' });
export type Schedule = z.infer<typeof Schedule>;

/** `GET /schedules/:name`: also the next ten planned times. */
export const ScheduleDetails = Schedule.extend({ next: z.array(Timestamp) }).meta({ id: 'ScheduleDetails' });
export type ScheduleDetails = z.infer<typeof ScheduleDetails>;

/** The query of `GET /schedules`. */
export const SchedulesQuery = z.object({
  limit: z.coerce.number().int().min(1).max(MAX_LIST_LIMIT).default(100),
  /** The name after which the page begins. */
  cursor: ScheduleName.optional(),
});

/** `GET /schedules`: in the order of their names. */
export const ScheduleList = z.object({
  schedules: z.array(Schedule),
  count: z.int(),
  nextCursor: ScheduleName.optional(),
});
export type ScheduleList = z.infer<typeof ScheduleList>;

/** `DELETE /schedules/:name`. */
export const ScheduleDeleted = z.object({
  success: z.literal(true),
  name: ScheduleName,
  deleted: z.boolean(),
});
export type ScheduleDeleted = z.infer<typeof ScheduleDeleted>;

/** `POST /schedules/:name/run`. */
export const ScheduleRun = z.object({
  success: z.literal(true),
  name: ScheduleName,
  taskId: TaskId,
  plannedAt: Timestamp,
});
export type ScheduleRun = z.infer<typeof ScheduleRun>;

/** `POST /schedules/:name/backfill`: both ends are included. */
export const BackfillRequest = z
  .strictObject({ from: PlannedTime, to: PlannedTime })
  .refine(({ from, to }) => Date.parse(from) <= Date.parse(to), {
    path: ['to'],
    message: 'Expected a time that is not before `from`',
  });
export type BackfillRequest = z.infer<typeof BackfillRequest>;

/** The tasks of a backfill, one for each planned time; `count` of them are new. */
export const Backfilled = z.object({
  success: z.literal(true),
  name: ScheduleName,
  taskIds: z.array(TaskId).max(MAX_SCHEDULED_TIMES),
  count: z.int(),
});
export type Backfilled = z.infer<typeof Backfilled>;

/** Which planned time of which schedule a task runs for. `missed`: it was inserted more than a minute late. */
export const ScheduledRun = z.object({ name: ScheduleName, plannedAt: Timestamp, missed: z.boolean() });
export type ScheduledRun = z.infer<typeof ScheduledRun>;

/** The planned time of a task as clients and runners see it. */
export function scheduledRun({ name, plannedAt, missed }: TaskSchedule): ScheduledRun {
  return { name, plannedAt: iso(plannedAt), missed };
}
