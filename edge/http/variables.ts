import { logError } from './log.ts';

/** A variable that is a number of at least 0; where it is missing or none, its default. */
export function numberOf(name: string, variable: string | undefined, byDefault: number): number {
  if (variable === undefined) return byDefault;
  const value = variable.trim() === '' ? Number.NaN : Number(variable);
  if (Number.isFinite(value) && value >= 0) return value;
  logError(`Expected ${name} to be a number, got "${variable}"; taking ${byDefault}`);
  return byDefault;
}
