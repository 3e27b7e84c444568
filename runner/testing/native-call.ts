import { pbkdf2Sync } from 'node:crypto';

const SAMPLE = 50_000;

/**
 * How many rounds of a hash take at least this long here, as the `ms` of a task that is to "compute natively". A
 * native call cannot be ended before its end.
 */
export function roundsFor(ms: number): number {
  // The fastest of some: another process may slow down any of them.
  const times = Array.from({ length: 5 }, () => {
    const startedAt = performance.now();
    pbkdf2Sync('secret', 'salt', SAMPLE, 64, 'sha512');
    return performance.now() - startedAt;
  });
  return Math.ceil((SAMPLE * ms) / Math.min(...times));
}
