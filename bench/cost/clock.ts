/** The clock of a worker. It can be set ahead, so that a whole day can be measured in a minute. */
const realNow = Date.now;
let aheadMs = 0;

Date.now = () => realNow() + aheadMs;

/** From now on `Date.now()` returns a time that is `ms` milliseconds ahead. */
export function setAhead(ms: number): void {
  aheadMs = ms;
}
