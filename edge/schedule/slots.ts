import { Cron } from 'croner';
import type { ScheduleSettings } from '../contract/schedule.ts';

/** The settings that decide the planned times of a schedule. */
export type Timing = Pick<ScheduleSettings, 'cron' | 'everySeconds' | 'timezone' | 'startAt' | 'endAt'>;

/** The names of the fields of a cron expression with six fields. */
const FIELDS = ['second', 'minute', 'hour', 'day of month', 'month', 'day of week'];

/** Parsing takes as long as finding a time, and many schedules share an expression. */
const parsed = new Map<string, Cron>();
const MAX_PARSED = 1000;

function cronOf(cron: string, timezone = 'UTC'): Cron {
  const key = `${timezone} ${cron}`;
  const known = parsed.get(key);
  if (known) return known;
  if (parsed.size >= MAX_PARSED) parsed.clear();
  const made = new Cron(cron, { timezone, paused: true });
  parsed.set(key, made);
  return made;
}

/** Why an expression is no cron expression with a time to come, and in which field; undefined if it is one. */
export function cronFault(cron: string): string | undefined {
  const fields = cron.trim().split(/\s+/);
  if (fields.length !== 5 && fields.length !== 6) {
    return `Expected five fields, or six with seconds first, got ${fields.length}`;
  }
  for (const [index, field] of fields.entries()) {
    const alone = fields.map((_, other) => (other === index ? field : '*')).join(' ');
    const reason = reasonOf(alone);
    if (reason !== undefined) {
      return `The ${FIELDS[index + 6 - fields.length]} "${field}" is not valid: ${reason}`;
    }
  }
  const reason = reasonOf(cron);
  if (reason !== undefined) return reason;
  return new Cron(cron, { paused: true }).nextRun() === null ? 'No time matches this expression' : undefined;
}

function reasonOf(cron: string): string | undefined {
  try {
    new Cron(cron, { paused: true });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^CronPattern: /, '') : String(error);
  }
}

/** Whether a name is a time zone of this runtime. */
export function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/**
 * The first planned time after a time; null if there is none. All times are Unix milliseconds.
 *
 * @param anchor where intervals without `startAt` are counted from.
 */
export function slotAfter(timing: Timing, anchor: number, after: number): number | null {
  const start = startOf(timing);
  const from = start === null ? after : Math.max(after, start - 1);
  const slot =
    timing.everySeconds === undefined
      ? cronAfter(timing, from)
      : intervalAfter(timing.everySeconds, start ?? anchor, start === null, from);
  return slot === null || slot > endOf(timing) ? null : slot;
}

/** The last planned time that is not after a time; null if there is none. */
export function slotBy(timing: Timing, anchor: number, by: number): number | null {
  const to = Math.min(by, endOf(timing));
  const start = startOf(timing);
  const slot =
    timing.everySeconds === undefined
      ? cronBy(timing, to)
      : intervalBy(timing.everySeconds, start ?? anchor, start === null, to);
  return slot === null || (start !== null && slot < start) ? null : slot;
}

/** The planned times from one time to another, both included, in their order; at most `limit`. */
export function slotsBetween(
  timing: Timing,
  anchor: number,
  from: number,
  to: number,
  limit: number,
): number[] {
  const slots: number[] = [];
  for (let at = slotAfter(timing, anchor, from - 1); at !== null && at <= to && slots.length < limit; ) {
    slots.push(at);
    at = slotAfter(timing, anchor, at);
  }
  return slots;
}

function startOf({ startAt }: Timing): number | null {
  return startAt === undefined ? null : Date.parse(startAt);
}

function endOf({ endAt }: Timing): number {
  return endAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(endAt);
}

function cronAfter({ cron = '', timezone }: Timing, after: number): number | null {
  return cronOf(cron, timezone).nextRun(new Date(after))?.getTime() ?? null;
}

/** Planned times are whole seconds, and croner looks for a time before the given one. */
function cronBy({ cron = '', timezone }: Timing, by: number): number | null {
  const next = Math.floor(by / 1000) * 1000 + 1000;
  return cronOf(cron, timezone).previousRuns(1, new Date(next))[0]?.getTime() ?? null;
}

/** An interval that is counted from when its schedule was set first passes before the first run. */
function intervalAfter(everySeconds: number, origin: number, waits: boolean, after: number): number {
  const every = Math.round(everySeconds * 1000);
  const first = waits ? 1 : 0;
  return origin + Math.max(first, Math.floor((after - origin) / every) + 1) * every;
}

function intervalBy(everySeconds: number, origin: number, waits: boolean, by: number): number | null {
  const every = Math.round(everySeconds * 1000);
  const count = Math.floor((by - origin) / every);
  return count < (waits ? 1 : 0) ? null : origin + count * every;
}
