/**
 * Counts the requests to one ledger in virtual time. Tasks are submitted at a steady rate, the queue delivers
 * them, and runners claim, run and report them. Nothing is timed, so the counts are the same on every machine.
 */
import { Clock } from '../../edge/buffer/ledger/proof/sim/clock.ts';
import { LedgerModel, type Pacing, type RequestCounts } from './ledger-model.ts';
import { RunnerModel } from './runner-model.ts';

const RUNNERS = 50;
/** The duration of one queue delivery, including its insert. */
const DELIVERY_MS = 50;
const MAX_DELIVERED = 100;
const END_MS = 3_600_000;
const SECOND_MS = 1000;

export interface Offered {
  readonly tasksPerSecond: number;
  readonly seconds: number;
  /** Tasks per submission, and therefore per queue message. */
  readonly size: number;
}

export interface EdgeSettings {
  readonly pacing: () => Pacing;
  /** The number of queue deliveries that run at once. */
  readonly consumers: number;
}

export interface Simulated {
  readonly requests: RequestCounts;
  readonly tasks: number;
  /** From the first submission to the last report. */
  readonly seconds: number;
}

export function simulate({ tasksPerSecond, seconds, size }: Offered, edge: EdgeSettings): Simulated {
  const clock = new Clock(0);
  const ledger = new LedgerModel(clock, edge.pacing());
  const queue = new QueueModel(clock, ledger, edge.consumers);
  const messages = Math.round((tasksPerSecond * seconds) / size);
  const tasks = messages * size;
  let completed = 0;
  for (let index = 0; index < RUNNERS; index += 1) {
    const runner = new RunnerModel(clock, ledger, (reported) => {
      completed += reported;
    });
    runner.start((index * SECOND_MS) / RUNNERS);
  }
  for (let index = 0; index < messages; index += 1) {
    clock.after(SECOND_MS + (index * size * SECOND_MS) / tasksPerSecond, () => queue.send(size));
  }
  if (!clock.runUntil(() => completed === tasks, END_MS)) {
    throw new Error(`Of ${tasks} tasks ${completed} were completed`);
  }
  return { requests: ledger.counts, tasks, seconds: (clock.now - SECOND_MS) / SECOND_MS };
}

/** A model of the queue. Messages that wait while all consumers are busy are part of the next delivery. */
class QueueModel {
  readonly #clock: Clock;
  readonly #ledger: LedgerModel;
  #free: number;
  #messages: number[] = [];

  constructor(clock: Clock, ledger: LedgerModel, consumers: number) {
    this.#clock = clock;
    this.#ledger = ledger;
    this.#free = consumers;
  }

  send(tasks: number): void {
    this.#messages.push(tasks);
    this.#deliver();
  }

  #deliver(): void {
    if (this.#free === 0 || this.#messages.length === 0) return;
    this.#free -= 1;
    const tasks = this.#messages.splice(0, MAX_DELIVERED).reduce((sum, count) => sum + count, 0);
    this.#ledger.insert(tasks);
    this.#clock.after(DELIVERY_MS, () => {
      this.#free += 1;
      this.#deliver();
    });
  }
}
