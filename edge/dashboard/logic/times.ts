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

/** A time in the reader's time zone: today as `14:05:33`, on another day as `3 Jan, 14:05:33`. */
export function formatTime(ms: number, now: number): string {
  return isSameDay(ms, now) ? TIME.format(ms) : `${DAY.format(ms)}, ${TIME.format(ms)}`;
}

/** A time of day such as `14:05`. */
export function formatMinute(ms: number): string {
  return SHORT_TIME.format(ms);
}

/** A time with its date, milliseconds and time zone. */
export function formatFullTime(ms: number): string {
  return FULL.format(ms);
}

/** A time with its weekday in a time zone, such as `Mon, 5 Jan 2026, 03:00:00`. */
export function formatZoned(ms: number, timeZone: string): string {
  const format = new Intl.DateTimeFormat('en-GB', {
    ...{ weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' },
    ...{ hour: '2-digit', minute: '2-digit', second: '2-digit', timeZone },
  });
  return format.format(ms);
}

/** A time for an `<input type="datetime-local">`: in the reader's time zone, with seconds if they are not zero. */
export function toLocalInput(iso: string): string {
  const ms = Date.parse(iso);
  if (Number.isNaN(ms)) return '';
  const local = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 19).replace(/:00$/, '');
}

/** The value of such an input in ISO 8601 UTC with milliseconds; undefined if it contains no time. */
export function fromLocalInput(text: string): string | undefined {
  const ms = text === '' ? Number.NaN : new Date(text).getTime();
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}

function isSameDay(a: number, b: number): boolean {
  return new Date(a).toDateString() === new Date(b).toDateString();
}
