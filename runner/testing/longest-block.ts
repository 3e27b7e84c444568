import { setTimeout as sleep } from 'node:timers/promises';

const STEP_MS = 5;

/** Runs some work and returns the longest time in milliseconds that it blocked the calling thread. */
export async function longestBlockMs(work: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let last = performance.now();
  const look = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }, STEP_MS);
  try {
    await work();
    await sleep(2 * STEP_MS);
  } finally {
    clearInterval(look);
  }
  return longest;
}
