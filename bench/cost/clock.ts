/** The clock of a worker, which can be set ahead: so a day's end can be measured in a minute. */
const realNow = Date.now;
let aheadMs = 0;

Date.now = () => realNow() + aheadMs;

/** From now on `Date.now()` tells a time so many milliseconds later than it is. */
export function setAhead(ms: number): void {
  aheadMs = ms;
}
