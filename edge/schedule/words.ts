import cronstrue from 'cronstrue';
import type { Timing } from './slots.ts';

const UNITS = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
] as const;

/** The planned times of a schedule in words; undefined if there are none for its expression. */
export function wordsOf({ cron, everySeconds = 0 }: Timing): string | undefined {
  if (cron === undefined) return intervalWords(everySeconds);
  try {
    return cronstrue.toString(cron, { use24HourTimeFormat: true });
  } catch {
    // It knows fewer forms than croner.
    return undefined;
  }
}

function intervalWords(seconds: number): string {
  const [unit, length] = UNITS.find(([, size]) => seconds % size === 0) ?? ['second', 1];
  const count = seconds / length;
  return count === 1 ? `Every ${unit}` : `Every ${count} ${unit}s`;
}
