const BASE_MS = 500;
const CAP_MS = 15_000;

/**
 * How long to wait before connecting anew, in milliseconds: half of it sure, half random, so that the pages that
 * lost one server do not return to it at once.
 *
 * @param failures how many attempts have failed in a row, from 0.
 * @param random from 0 to 1.
 */
export function reconnectDelay(failures: number, random: number): number {
  const most = Math.min(CAP_MS, BASE_MS * 2 ** Math.min(failures, 10));
  return Math.round(most / 2 + (random * most) / 2);
}
