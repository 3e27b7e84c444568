import { pbkdf2Sync } from 'node:crypto';

const SAMPLE = 50_000;

/**
 * Returns the number of hash rounds that take at least `ms` on this machine. Use it as the `ms` of a task
 * that does "compute natively". Nothing can end a native call early.
 */
export function roundsFor(ms: number): number {
  // The fastest measurement counts, because another process may slow down the others.
  const times = Array.from({ length: 5 }, () => {
    const startedAt = performance.now();
    pbkdf2Sync('secret', 'salt', SAMPLE, 64, 'sha512');
    return performance.now() - startedAt;
  });
  return Math.ceil((SAMPLE * ms) / Math.min(...times));
}
