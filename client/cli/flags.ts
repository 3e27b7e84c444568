import type { ArgumentsCamelCase, Argv } from 'yargs';

/** The flags that a command's handler gets, derived from the function that declares them. */
export type FlagsOf<Declare extends (parser: Argv) => Argv> =
  ReturnType<Declare> extends Argv<infer Flags> ? ArgumentsCamelCase<Flags> : never;

const UNIT_SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 };
const DURATION = /^(\d+(?:\.\d+)?)([smhd])$/;
const DATE = /^\d{4}-\d{2}-\d{2}/;

/** Reads the value of a flag that takes a number. */
export function numberOf(flag: string): (text: string) => number {
  return (text) => {
    const value = readNumber(text);
    if (value !== undefined) return value;
    throw new Error(`--${flag}: Expected a number, got ${JSON.stringify(text)}`);
  };
}

/** Reads the value of a flag that takes a duration, in seconds: a number of seconds, or a text such as `2h`. */
export function secondsOf(flag: string): (text: string) => number {
  return (text) => {
    const seconds = readDuration(text) ?? readNumber(text);
    if (seconds !== undefined) return seconds;
    const expected = 'a number of seconds, or a duration such as 90s, 30m, 2h or 7d';
    throw new Error(`--${flag}: Expected ${expected}, got ${JSON.stringify(text)}`);
  };
}

/** The options of a flag that takes a number. */
export const number = (flag: string) =>
  ({ string: true, requiresArg: true, coerce: numberOf(flag) }) as const;

/** The options of a flag that takes a duration. */
export const seconds = (flag: string) =>
  ({ string: true, requiresArg: true, coerce: secondsOf(flag) }) as const;

/** The options of a flag that takes a time, see {@link timeOf}. */
export const time = (flag: string, direction: 'ago' | 'ahead') =>
  ({ string: true, requiresArg: true, coerce: timeOf(flag, direction) }) as const;

const AWAY = { ago: 'a duration before now', ahead: 'a duration from now' };

/**
 * Reads the value of a flag that takes a time: a date, a date with a time, or a duration before or after now.
 *
 * @param direction - whether a duration such as `2h` counts into the past or into the future.
 * @returns a function that returns the time as ISO 8601 UTC.
 */
export function timeOf(
  flag: string,
  direction: 'ago' | 'ahead',
  now: () => number = Date.now,
): (text: string) => string {
  return (text) => {
    const seconds = readDuration(text);
    const away = (seconds ?? 0) * (direction === 'ago' ? -1000 : 1000);
    const time = new Date(seconds === undefined ? parseDate(text) : now() + away);
    if (!Number.isNaN(time.getTime())) return time.toISOString();
    const expected = `a time such as 2026-01-31T12:00:00Z, or ${AWAY[direction]}, such as 30m, 2h or 7d`;
    throw new Error(`--${flag}: Expected ${expected}, got ${JSON.stringify(text)}`);
  };
}

function readNumber(text: string): number | undefined {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : undefined;
}

function readDuration(text: string): number | undefined {
  const [, count, unit] = DURATION.exec(text) ?? [];
  if (unit !== 's' && unit !== 'm' && unit !== 'h' && unit !== 'd') return undefined;
  return Number(count) * UNIT_SECONDS[unit];
}

/** A date without a time is in UTC. The pattern is needed because `Date.parse` reads `7` as July. */
function parseDate(text: string): number {
  return DATE.test(text) ? Date.parse(text) : Number.NaN;
}
