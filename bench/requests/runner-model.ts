import type { Clock } from '../../edge/buffer/ledger/proof/sim/clock.ts';
import type { LedgerModel } from './ledger-model.ts';

const THREADS = 8;
const TASK_MS = 1000;
/**
 * Durations differ from `TASK_MS` by up to half, in a fixed sequence, so that a claim's tasks end at different
 * times.
 */
const GOLDEN_RATIO = 0.618_033_988_75;
/** The time of a request and its answer; each takes half of it. */
const ROUND_TRIP_MS = 60;
const POLL_MS = 5000;
const HEARTBEAT_MS = 10_000;
/** The minimum time between reports while tasks wait for a thread, and while tasks run. */
const REPORT_SPACING_MS = { backlog: 1000, running: 200 };
/** The runner reads ahead the tasks that end within this time. */
const REFILL_MS = 1000;
const PER_REFILL = Math.ceil((THREADS * REFILL_MS) / TASK_MS);

/** A model of when a runner claims, reports and renews its leases. It has one lane, and tasks of one type. */
export class RunnerModel {
  readonly #clock: Clock;
  readonly #ledger: LedgerModel;
  readonly #onCompleted: (tasks: number) => void;
  #started = 0;
  #waiting = 0;
  #running = 0;
  #unreported = 0;
  /** Outcomes that are not in a request yet. */
  #outcomes = 0;
  /** The number of tasks that the last claim left for others. */
  #left = 0;
  #claiming = false;
  #reporting = false;
  #dryUntil = 0;
  #claimAt = 0;
  #reportAt = 0;
  #reportedAt = Number.NEGATIVE_INFINITY;
  #wokenAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, ledger: LedgerModel, onCompleted: (tasks: number) => void) {
    this.#clock = clock;
    this.#ledger = ledger;
    this.#onCompleted = onCompleted;
  }

  /** @param atMs the time of its first claim and first heartbeat. */
  start(atMs: number): void {
    this.#clock.after(atMs, () => {
      this.#claim();
      this.#beat();
    });
  }

  /** The wake message takes half a round trip. */
  wake(): void {
    this.#clock.after(ROUND_TRIP_MS / 2, () => {
      this.#wokenAt = this.#clock.now;
      this.#dryUntil = 0;
      this.#claim();
    });
  }

  #held(): number {
    return this.#waiting + this.#running + this.#unreported;
  }

  #demand(): number {
    const free = THREADS + Math.min(2 * PER_REFILL, this.#left) - this.#held();
    return this.#running < THREADS || free >= PER_REFILL ? Math.max(0, free) : 0;
  }

  #claim(): void {
    const { now } = this.#clock;
    const limit = this.#demand();
    if (this.#claiming || limit === 0 || now < Math.max(this.#dryUntil, this.#claimAt)) return;
    this.#claiming = true;
    this.#call(
      () => this.#ledger.claim(this, limit),
      ({ tasks, ready, spaceMs }) => {
        this.#claiming = false;
        this.#left = ready;
        this.#waiting += tasks;
        this.#fill();
        this.#claimAt = this.#clock.now + spaceMs;
        if (ready === 0 && this.#wokenAt <= now) this.#dryUntil = this.#clock.now + POLL_MS;
        const nextAt = Math.max(this.#claimAt, this.#dryUntil);
        this.#clock.after(Math.max(0, nextAt - this.#clock.now), () => this.#claim());
      },
    );
  }

  #fill(): void {
    for (; this.#waiting > 0 && this.#running < THREADS; this.#waiting -= 1) {
      this.#running += 1;
      this.#started += 1;
      const ms = TASK_MS * (0.5 + ((this.#started * GOLDEN_RATIO) % 1));
      this.#clock.after(ms, () => this.#end());
    }
  }

  #end(): void {
    this.#running -= 1;
    this.#unreported += 1;
    this.#outcomes += 1;
    this.#fill();
    this.#report();
  }

  #report(): void {
    if (this.#reporting || this.#outcomes === 0) return;
    this.#reporting = true;
    this.#sendReport();
  }

  /** Waits until the next report is due, which depends on the tasks that run by then. */
  #sendReport(): void {
    const { now } = this.#clock;
    const wait = Math.max(this.#reportedAt + this.#spacingMs(), this.#reportAt) - now;
    if (wait > 0) {
      this.#clock.after(wait, () => this.#sendReport());
      return;
    }
    const outcomes = this.#outcomes;
    this.#outcomes = 0;
    this.#reportedAt = now;
    this.#call(
      () => this.#ledger.report(),
      ({ spaceMs }) => {
        this.#reporting = false;
        this.#unreported -= outcomes;
        this.#onCompleted(outcomes);
        this.#reportAt = this.#clock.now + spaceMs;
        this.#report();
        this.#claim();
      },
    );
  }

  #spacingMs(): number {
    if (this.#waiting > 0) return REPORT_SPACING_MS.backlog;
    return this.#running > 0 ? REPORT_SPACING_MS.running : 0;
  }

  #beat(): void {
    if (this.#held() > 0)
      this.#call(
        () => this.#ledger.heartbeat(),
        () => {},
      );
    this.#clock.after(HEARTBEAT_MS, () => this.#beat());
  }

  #call<Answer>(call: () => Answer, answered: (answer: Answer) => void): void {
    this.#clock.after(ROUND_TRIP_MS / 2, () => {
      const answer = call();
      this.#clock.after(ROUND_TRIP_MS / 2, () => answered(answer));
    });
  }
}
