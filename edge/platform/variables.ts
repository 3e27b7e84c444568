import type { PerType } from '../contract/per-type.ts';
import { logError } from './log.ts';

/** A number of at least 0, else null. */
function parseNumber(text: string): number | null {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) && value >= 0 ? value : null;
}

/** A worker's variable. In a configuration it may be written as a number, and is one then. */
type Variable = string | number | undefined;

/** A variable that is a number of at least 0; its default if the variable is missing or is no such number. */
export function numberOf(name: string, variable: Variable, byDefault: number): number {
  if (variable === undefined) return byDefault;
  const value = parseNumber(String(variable));
  if (value !== null) return value;
  logError(`Expected ${name} to be a number, got "${variable}"; taking ${byDefault}`);
  return byDefault;
}

/**
 * A variable that is a number of at least 0, with exceptions for task types: `24, report=168, noise=1`. A type
 * whose entry is wrong has the default, which is `byDefault` if the variable does not name it.
 */
export function perTypeOf(name: string, variable: Variable, byDefault: number): PerType {
  const result: PerType = { default: byDefault, types: {} };
  const types: [string, number][] = [];
  for (const entry of String(variable ?? '')
    .split(',')
    .map((part) => part.trim())) {
    if (entry === '') continue;
    const [, type, text = entry] = /^(.*\S)\s*=(.*)$/.exec(entry) ?? [];
    const value = parseNumber(text);
    if (value === null) {
      logError(
        `Expected ${name} to be a number, or numbers of task types like "24, report=168", got "${entry}"; taking the default`,
      );
    } else if (type === undefined) result.default = value;
    else types.push([type, value]);
  }
  // `fromEntries` makes an own property of any name.
  return { ...result, types: Object.fromEntries(types) };
}
