import type { Claim, ClaimRequest } from '../../edge/contract/buffer.ts';
import { MAX_CLAIM_TASKS } from '../../edge/contract/limits.ts';
import type { HeldTask } from '../held-task.ts';
import { MovingAverage } from '../lib/moving-average.ts';

/** The maximum number of tasks that a lane holds beyond its slots. */
export const MAX_READ_AHEAD = 4000;

/** The minimum length of a refill in calculations: more frequent claims cost more than they gain. */
const MIN_REFILL_MS = 1000;
/** A lane reads ahead the tasks that end within this many refills. */
const AHEAD_REFILLS = 2;
/** Tasks of at least this many refills are not read ahead, because a refill delays them only little. */
const SLOW_TASK_REFILLS = 100;
/** The same for tasks longer than this many refills of at least {@link MIN_REFILL_MS}. */
const FAST_REFILLS = 3;
/** A task that runs this many times longer than its type usually does occupies its slot for an unknown time. */
const STUCK_REFILLS = 3;
/** A task that waits this long, or is expected to wait this long, is given back. */
const LATE_REFILLS = 5;
/** How long a lane does not read ahead after it gave tasks back, in milliseconds. */
const PAUSE_MS = 2000;

/** What a lane wants from a claim, without its types. */
export type Demand = Omit<ClaimRequest['wants'][number], 'types'> & { readonly starts: number };
/** The first task that a claim has left in the ledger. */
export type QueueHead = NonNullable<NonNullable<Claim['next']>[number]>;

/** The tasks that a lane holds now. */
export interface LaneWork {
  /** How many tasks its threads run at once. */
  readonly slots: number;
  /** How many tasks could start at once. */
  readonly freeSlots: number;
  readonly waiting: readonly HeldTask[];
  /** Tasks that were handed to a thread, with their start by `performance.now()`. */
  readonly handed: readonly { readonly held: HeldTask; readonly startedAt: number | undefined }[];
  readonly unreported: Iterable<HeldTask>;
}

/**
 * Decides how many tasks a lane claims, and which waiting tasks it gives back. It measures how long tasks of each
 * type take. A type without a measurement is not read ahead.
 *
 * Read-ahead is **open**, or **closed**:
 * - It closes until a slot is free if the same task stays at the head of the ledger. Otherwise a task that may not
 *   be read ahead would wait until there are no other tasks.
 * - It closes for a while after tasks were given back. Then it starts with a few tasks and grows by one with each
 *   task that starts, so a lane never gives back more tasks than it has run.
 */
export class ReadAhead {
  readonly #capacity: number;
  readonly #durations = new Map<string, MovingAverage>();
  #refillMs = 0;
  /** How many tasks may wait. */
  #allowance = MAX_READ_AHEAD;
  #pausedUntil = 0;
  #head: QueueHead | undefined;
  #isPassingOver = false;

  /** @param capacity the number of tasks that the lane runs at once. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  recordEnd({ entry }: HeldTask, ranMs: number): void {
    const average = this.#durations.get(entry.type) ?? new MovingAverage();
    this.#durations.set(entry.type, average);
    average.record(ranMs);
  }

  recordStart({ readAhead }: HeldTask): void {
    if (readAhead && this.#allowance < MAX_READ_AHEAD) this.#allowance += 1;
  }

  /** How long a task takes, in milliseconds; undefined until a task of its type has ended. */
  durationOf({ entry }: HeldTask): number | undefined {
    return this.#durations.get(entry.type)?.value;
  }

  /** A claim returned some tasks and left others in the ledger. */
  recordClaim(tasks: readonly HeldTask[], head: QueueHead | undefined): void {
    const isSame = head?.runAt === this.#head?.runAt && head?.priority === this.#head?.priority;
    const others = tasks.some(({ task }) => task.createdAt !== head?.runAt);
    this.#isPassingOver = head !== undefined && (tasks.length === 0 || (isSame && others));
    this.#head = head;
  }

  /**
   * How many tasks to claim now. Beyond its slots, a lane holds the tasks that end within two refills. It
   * asks when the work for one refill is used up, so that few, large claims suffice. It leaves other runners
   * as many tasks as it reads ahead.
   *
   * @param refillMs how long a refill of a slot takes: from the end of a task until its report is answered, plus
   *   from a claim until its tasks arrive.
   * @param left how many tasks the last claim has left in the ledger.
   */
  demand(work: LaneWork, refillMs: number, left: number): Demand {
    this.#refillMs = refillMs;
    const slots = this.#usableSlots(work);
    const held = countByType(work);
    let [total, slow, share] = [0, 0, 0];
    for (const [type, count] of held) {
      const fitting = this.#fitting(type, slots);
      total += count;
      if (fitting === 0) slow += count;
      else share += count / fitting;
    }
    const types = [...this.#durations.keys()].map((type) => {
      const fitting = this.#fitting(type, slots);
      const free = work.slots - slow + Math.min(fitting, left) - Math.round(share * fitting);
      return { type, fitting, free };
    });
    const free = Math.max(0, work.slots - total, ...types.map((one) => one.free));
    const starts = Math.min(work.freeSlots, free, MAX_CLAIM_TASKS);
    const allowed = this.#isOpen(starts) ? this.#allowance - work.waiting.length : 0;
    const room = Math.min(allowed, MAX_CLAIM_TASKS - starts);
    const ahead = types
      .filter((one) => one.fitting > 0 && (starts > 0 || one.free >= one.fitting / AHEAD_REFILLS))
      .map((one) => [one.type, Math.min(one.free - starts, room)] as const)
      .filter(([, count]) => count > 0);
    const limit = starts + Math.max(0, ...ahead.map(([, count]) => count));
    return { limit, starts, ...(ahead.length > 0 && { ahead: Object.fromEntries(ahead) }) };
  }

  /** The waiting tasks to give back, because the edge has more urgent ones or they would wait for too long. */
  toGiveBack(work: LaneWork): HeldTask[] {
    const slots = this.#usableSlots(work);
    const now = performance.now();
    const lateMs = LATE_REFILLS * this.#least;
    const urgent = this.#head?.priority ?? Number.NEGATIVE_INFINITY;
    let inFrontMs = 0;
    return work.waiting.filter((held) => {
      const waits = slots > 0 ? inFrontMs / slots : Number.POSITIVE_INFINITY;
      inFrontMs += this.durationOf(held) ?? 0;
      return waits > lateMs || now - held.arrivedAt > lateMs || (held.task.priority ?? 0) < urgent;
    });
  }

  /** Notes that tasks were given back. Reading the same tasks ahead again at once would gain nothing. */
  pause(): void {
    this.#allowance = this.#capacity;
    this.#pausedUntil = performance.now() + PAUSE_MS;
    this.#head = undefined;
  }

  #isOpen(starts: number): boolean {
    return performance.now() >= this.#pausedUntil && (starts > 0 || !this.#isPassingOver);
  }

  get #least(): number {
    return Math.max(this.#refillMs, MIN_REFILL_MS);
  }

  /** How many tasks of a type end within the read-ahead time; 0 if that is unknown or too few. */
  #fitting(type: string, slots: number): number {
    const ms = this.#durations.get(type)?.value;
    if (ms === undefined || slots === 0 || !this.#isFast(ms)) return 0;
    const fitting = Math.floor((AHEAD_REFILLS * slots * this.#least) / ms);
    return Math.min(MAX_READ_AHEAD, Math.max(1, fitting));
  }

  #isFast(ms: number): boolean {
    return ms <= Math.min(this.#refillMs * SLOW_TASK_REFILLS, this.#least * FAST_REFILLS);
  }

  /** The slots that are free or become free soon. */
  #usableSlots({ slots, handed }: LaneWork): number {
    const now = performance.now();
    const taken = handed.filter(({ held, startedAt }) => {
      if (startedAt === undefined) return false;
      const ms = this.durationOf(held) ?? 0;
      const ranMs = now - startedAt;
      return ms - ranMs > FAST_REFILLS * this.#least || ranMs > STUCK_REFILLS * (this.#least + ms);
    });
    return Math.max(0, slots - taken.length);
  }
}

function countByType({ waiting, handed, unreported }: LaneWork): Map<string, number> {
  const counts = new Map<string, number>();
  const add = ({ entry: { type } }: HeldTask) => counts.set(type, (counts.get(type) ?? 0) + 1);
  for (const held of waiting) add(held);
  for (const { held } of handed) add(held);
  for (const held of unreported) add(held);
  return counts;
}
