import { formatCount } from './counts.ts';

/** The progress of a task. */
export interface Progress {
  /** From 0 to 1. */
  readonly fraction: number;
  readonly label: string;
}

const DONE = ['done', 'completed', 'current', 'processed'] as const;

/**
 * Reads a progress value as a part of a whole: a number from 0 to 1, a number up to 100 as a percentage,
 * `{percent}`, `{progress}`, or `{done, total}` (also `completed`, `current`, `processed`). Undefined for another
 * value.
 */
export function readProgress(value: unknown): Progress | undefined {
  if (typeof value === 'number') return ofNumber(value);
  if (typeof value !== 'object' || value === null) return undefined;
  const fields = new Map<string, unknown>(Object.entries(value));
  const total = fields.get('total');
  const done = DONE.map((name) => fields.get(name)).find((field) => typeof field === 'number');
  if (typeof total === 'number' && typeof done === 'number' && total > 0 && done >= 0) {
    return {
      fraction: Math.min(1, done / total),
      label: `${formatCount(done)} of ${formatCount(total)}`,
    };
  }
  const percent = fields.get('percent');
  if (typeof percent === 'number') return inPercent(percent / 100);
  const progress = fields.get('progress');
  return typeof progress === 'number' ? ofNumber(progress) : undefined;
}

function ofNumber(value: number): Progress | undefined {
  return inPercent(value <= 1 ? value : value / 100);
}

function inPercent(fraction: number): Progress | undefined {
  if (!(fraction >= 0 && fraction <= 1)) return undefined;
  return { fraction, label: `${Math.round(fraction * 100)} %` };
}
