import { DEFAULT_BACKOFF_BASE_SECONDS, DEFAULT_BACKOFF_CAP_SECONDS } from '../../../contract/limits.ts';
import type { Backoff } from '../../../contract/task.ts';

/**
 * The delay after a failed attempt, in milliseconds: exponential with full jitter.
 *
 * @param attempt the number of the failed attempt, from 1.
 * @param random a number from 0 to 1, 1 excluded.
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function backoffDelayMs(backoff: Backoff, attempt: number, random: number): number {
  const base = backoff.baseSeconds ?? DEFAULT_BACKOFF_BASE_SECONDS;
  const cap = backoff.capSeconds ?? DEFAULT_BACKOFF_CAP_SECONDS;
  const ceiling = Math.min(cap, base * 2 ** (attempt - 1));
  return Math.round(random * ceiling * 1000);
}
