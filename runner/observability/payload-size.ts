/** A value with more parts than these is not measured to its end. */
const MAX_PARTS = 10_000;
const MAX_DEPTH = 200;

/** How large a value is as JSON, in bytes; what is not measured to its end is at least so large. */
export interface Measured {
  readonly bytes: number;
  readonly isWhole: boolean;
}

/** Measures a value of JSON, at a cost that does not grow with its parts; texts count without their escapes. */
export function measure(value: unknown): Measured {
  const open = { bytes: 0, parts: 0, isWhole: true };
  add(value, open, 0);
  return { bytes: open.bytes, isWhole: open.isWhole };
}

/** A size as people read it. */
export function formatSize({ bytes, isWhole }: Measured): string {
  const units = ['bytes', 'KB', 'MB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log(Math.max(1, bytes)) / Math.log(1024)));
  const size = (bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1);
  return `${isWhole ? '' : 'over '}${size} ${units[power]}`;
}

function add(value: unknown, sum: { bytes: number; parts: number; isWhole: boolean }, depth: number): void {
  sum.parts += 1;
  if (sum.parts > MAX_PARTS || depth > MAX_DEPTH) sum.isWhole = false;
  if (!sum.isWhole) return;
  if (typeof value === 'string') sum.bytes += Buffer.byteLength(value) + 2;
  else if (typeof value !== 'object' || value === null) sum.bytes += String(value).length;
  else if (Array.isArray(value)) {
    sum.bytes += 1 + Math.max(1, value.length);
    for (const item of value) {
      add(item, sum, depth + 1);
      if (!sum.isWhole) return;
    }
  } else {
    sum.bytes += 2;
    let isFirst = true;
    for (const key in value) {
      sum.bytes += Buffer.byteLength(key) + (isFirst ? 3 : 4);
      isFirst = false;
      add(Reflect.get(value, key), sum, depth + 1);
      if (!sum.isWhole) return;
    }
  }
}
