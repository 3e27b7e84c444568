import { computed, signal } from '@preact/signals';

const TICK_MS = 1000;
const MINUTE_MS = 60_000;

let aheadMs = 0;

/** The server's time in Unix milliseconds, each second. */
export const now = signal(Date.now());

/** When the present minute began, in Unix milliseconds. */
export const minute = computed(() => Math.floor(now.value / MINUTE_MS) * MINUTE_MS);

/** Ages are told by the server's clock, whatever this machine's says. */
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
