import { computed, signal } from '@preact/signals';

const TICK_MS = 1000;
const MINUTE_MS = 60_000;

let aheadMs = 0;

/** The server's time in Unix milliseconds, updated each second. */
export const now = signal(Date.now());

/** The start of the current minute, in Unix milliseconds. */
export const minute = computed(() => Math.floor(now.value / MINUTE_MS) * MINUTE_MS);

/** Sets the server's time. Ages are computed from it, because this machine's clock may be wrong. */
export function setServerTime(iso: string): void {
  aheadMs = Date.parse(iso) - Date.now();
  tick();
}

function tick(): void {
  now.value = Date.now() + aheadMs;
}

setInterval(() => {
  if (!document.hidden) tick();
}, TICK_MS);
document.addEventListener('visibilitychange', tick);
