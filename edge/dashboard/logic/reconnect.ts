const BASE_MS = 500;
const CAP_MS = 15_000;

/**
 * The time to wait before the next connection, in milliseconds. Half of it is random, so that the pages that lost
 * one server do not all return to it at once.
 *
 * @param failures the number of attempts that have failed in a row, from 0.
 * @param random a number from 0 to 1.
 */
export function reconnectDelay(failures: number, random: number): number {
  const most = Math.min(CAP_MS, BASE_MS * 2 ** Math.min(failures, 10));
  return Math.round(most / 2 + (random * most) / 2);
}
