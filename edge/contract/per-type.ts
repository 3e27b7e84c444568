/** A setting that may differ between task types. */
export interface PerType {
  default: number;
  types: Record<string, number>;
}

/** The value of a setting for a task type. */
export function ofType({ default: byDefault, types }: PerType, type: string): number {
  return Object.hasOwn(types, type) ? (types[type] ?? byDefault) : byDefault;
}

/** All values of a setting: the default and the values of the types. */
export function valuesOf({ default: byDefault, types }: PerType): number[] {
  return [byDefault, ...Object.values(types)];
}

/** A setting with each value multiplied by `factor`, to convert it to another unit. */
export function scaled({ default: byDefault, types }: PerType, factor: number): PerType {
  const entries = Object.entries(types).map(([type, value]) => [type, value * factor]);
  return { default: byDefault * factor, types: Object.fromEntries(entries) };
}
