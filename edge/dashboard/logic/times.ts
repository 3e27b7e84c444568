const TIME = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const SHORT_TIME = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const FULL = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
  timeZoneName: 'short',
});

/** A time of the reader's zone: today's as `14:05:33`, another day's as `3 Jan, 14:05:33`. */
export function formatTime(ms: number, now: number): string {
  return isSameDay(ms, now) ? TIME.format(ms) : `${DAY.format(ms)}, ${TIME.format(ms)}`;
}

/** `14:05`. */
export function formatMinute(ms: number): string {
  return SHORT_TIME.format(ms);
}

/** A time with its date, its milliseconds and its zone. */
export function formatFullTime(ms: number): string {
  return FULL.format(ms);
}

/** A time as an `<input type="datetime-local">` takes it: in the reader's zone, with the seconds where there are some. */
export function toLocalInput(iso: string): string {
  const ms = Date.parse(iso);
  if (Number.isNaN(ms)) return '';
  const local = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19).replace(/:00$/, '');
}

/** What such an input says, in ISO 8601 UTC with milliseconds; undefined where it says no time. */
export function fromLocalInput(text: string): string | undefined {
  const ms = text === '' ? Number.NaN : new Date(text).getTime();
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}

function isSameDay(a: number, b: number): boolean {
  return new Date(a).toDateString() === new Date(b).toDateString();
}
