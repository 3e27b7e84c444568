import type { ArgumentsCamelCase, Argv } from 'yargs';

/** What a command's handler gets, by the function that declares the flags. */
export type FlagsOf<Declare extends (parser: Argv) => Argv> =
  ReturnType<Declare> extends Argv<infer Flags> ? ArgumentsCamelCase<Flags> : never;

const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const AGO = /^(\d+(?:\.\d+)?)([smhd])$/;

/** Reads the value of a number's flag. */
export function numberOf(flag: string): (text: string) => number {
  return (text) => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (Number.isFinite(value)) return value;
    throw new Error(`--${flag}: Expected a number, got ${JSON.stringify(text)}`);
  };
}

/** Reads the value of a time's flag: a date, a date with a time, or how long ago. */
export function timeOf(flag: string): (text: string) => string {
  return (text) => {
    const [, count, unit] = AGO.exec(text) ?? [];
    const at =
      unit === 's' || unit === 'm' || unit === 'h' || unit === 'd'
        ? Date.now() - Number(count) * UNIT_MS[unit]
        : Date.parse(text);
    if (!Number.isNaN(at)) return new Date(at).toISOString();
    const expected = 'a time such as 2026-01-31T12:00:00Z, or how long ago, such as 30m, 2h or 7d';
    throw new Error(`--${flag}: Expected ${expected}, got ${JSON.stringify(text)}`);
  };
}
