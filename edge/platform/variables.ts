import type { PerType } from '../contract/per-type.ts';
import { logError } from './log.ts';

/** Parses a number of at least 0; null if the text is not one. */
function parseNumber(text: string): number | null {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) && value >= 0 ? value : null;
}

/** A worker's variable. A configuration may contain it as a string or as a number. */
type Variable = string | number | undefined;

/** A variable that is a number of at least 0; its default if the variable is missing or not valid. */
export function numberOf(name: string, variable: Variable, byDefault: number): number {
  if (variable === undefined) return byDefault;
  const value = parseNumber(String(variable));
  if (value !== null) return value;
  logError(`Expected ${name} to be a number, got "${variable}"; using ${byDefault}`);
  return byDefault;
}

/**
 * A variable that is a number of at least 0, with other values for single task types: `24, report=168, noise=1`.
 * A type with an invalid entry gets the default. The default is `byDefault` if the variable has no general number.
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
        `Expected ${name} to be a number, or numbers of task types like "24, report=168", got "${entry}"; using the default`,
      );
    } else if (type === undefined) result.default = value;
    else types.push([type, value]);
  }
  // `fromEntries` creates an own property even for the name `__proto__`.
  return { ...result, types: Object.fromEntries(types) };
}
