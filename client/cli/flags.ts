import type { ArgumentsCamelCase, Argv } from 'yargs';

/** What a command's handler gets, by the function that declares the flags. */
export type FlagsOf<Declare extends (parser: Argv) => Argv> =
  ReturnType<Declare> extends Argv<infer Flags> ? ArgumentsCamelCase<Flags> : never;

const UNIT_SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 };
const DURATION = /^(\d+(?:\.\d+)?)([smhd])$/;
const DATE = /^\d{4}-\d{2}-\d{2}/;

/** Reads the value of a number's flag. */
export function numberOf(flag: string): (text: string) => number {
  return (text) => {
    const value = readNumber(text);
    if (value !== undefined) return value;
    throw new Error(`--${flag}: Expected a number, got ${JSON.stringify(text)}`);
  };
}

/** Reads the value of a duration's flag, in seconds: a number of them, or such as `90s` or `2h`. */
export function secondsOf(flag: string): (text: string) => number {
  return (text) => {
    const seconds = readDuration(text) ?? readNumber(text);
    if (seconds !== undefined) return seconds;
    const expected = 'a number of seconds, or a duration such as 90s, 30m, 2h or 7d';
    throw new Error(`--${flag}: Expected ${expected}, got ${JSON.stringify(text)}`);
  };
}

const AWAY = { ago: 'how long ago', ahead: 'in how long' };

/**
 * Reads the value of a time's flag, as ISO 8601 UTC: a date, a date with a time, or how far that is away.
 *
 * @param direction - whether a duration such as `2h` goes into the past or into the future.
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

/** A date alone is one in UTC. `Date.parse` takes `7` for a July. */
function parseDate(text: string): number {
  return DATE.test(text) ? Date.parse(text) : Number.NaN;
}
