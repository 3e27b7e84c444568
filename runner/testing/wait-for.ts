import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until a condition holds, and fails with its description when it does not in time. */
export async function waitFor(
  what: string,
  holds: () => boolean | Promise<boolean>,
  timeoutMs = 30_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await holds())) {
    assert.ok(performance.now() < deadline, `waited ${timeoutMs} ms for: ${what}`);
    await sleep(5);
  }
}

/** Resolves to whether a promise settles within a time. */
export async function settlesWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  const answered = new AbortController();
  const settled = promise.then(
    () => true,
    () => true,
  );
  const late = sleep(ms, false, { signal: answered.signal }).catch(() => false);
  const inTime = await Promise.race([settled, late]);
  answered.abort();
  return inTime;
}
