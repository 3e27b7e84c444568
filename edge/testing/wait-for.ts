import { setTimeout as sleep } from 'node:timers/promises';

const TIMEOUT_MS = 30_000;
const POLL_MS = 10;

/**
 * Calls `ask` until it returns something other than undefined or false, and resolves to that.
 *
 * @param what the name of what the test waits for, for the error.
 * @throws {Error} after `timeoutMs`.
 */
export async function waitFor<Value>(
  what: string,
  ask: () => Value | Promise<Value>,
  timeoutMs = TIMEOUT_MS,
): Promise<Exclude<Value, undefined | false>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await ask();
    if (isPresent(value)) return value;
    if (performance.now() >= deadline) throw new Error(`Waited ${timeoutMs / 1000} s for ${what}`);
    await sleep(POLL_MS);
  }
}

function isPresent<Value>(value: Value): value is Exclude<Value, undefined | false> {
  return value !== undefined && value !== false;
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
