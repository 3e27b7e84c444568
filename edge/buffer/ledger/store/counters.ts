import type { TaskState } from '../../../contract/task.ts';
import { Histogram } from './histogram.ts';
import type { Sql } from './sql.ts';

/** The fields are in the order of the columns that {@link ADD_TO_TYPES} writes. */
const NOTHING = {
  scheduled: 0,
  ready: 0,
  leased: 0,
  completed: 0,
  failed: 0,
  cancelled: 0,
  completedTotal: 0,
  failedTotal: 0,
  cancelledTotal: 0,
  retries: 0,
  leaseExpiries: 0,
};
type Moves = typeof NOTHING;

const ADD_TO_TYPES = `
  INSERT INTO types (type, scheduled, ready, leased, completed, failed, cancelled,
    completed_total, failed_total, cancelled_total, retries, lease_expiries, moved_at)
  SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
    value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11, ?2
  FROM json_each(?1) WHERE true
  ON CONFLICT (type) DO UPDATE SET
    scheduled = scheduled + excluded.scheduled, ready = ready + excluded.ready, leased = leased + excluded.leased,
    completed = completed + excluded.completed, failed = failed + excluded.failed,
    cancelled = cancelled + excluded.cancelled, completed_total = completed_total + excluded.completed_total,
    failed_total = failed_total + excluded.failed_total,
    cancelled_total = cancelled_total + excluded.cancelled_total, retries = retries + excluded.retries,
    lease_expiries = lease_expiries + excluded.lease_expiries, moved_at = excluded.moved_at`;

const SUM_READY = 'SELECT sum(ready) AS ready FROM types WHERE type IN (SELECT value FROM json_each(?1))';

/** How many tasks of these types are ready, including changes of the current call. The count stops at a limit. */
export function readyOf(
  sql: Sql & { readonly counters: Counters },
  types: readonly string[],
  limit: number,
): number {
  const before = sql.exec<{ ready: number | null }>(SUM_READY, JSON.stringify(types))[0]?.ready ?? 0;
  return Math.min(
    limit,
    types.reduce((sum, type) => sum + sql.counters.readied(type), before),
  );
}

const SELECT_MINUTE = 'SELECT waits, runs FROM minutes WHERE minute = ?1';

const ADD_TO_MINUTE = `
  INSERT INTO minutes (minute, completed, failed, waits, runs) VALUES (?1, ?2, ?3, ?4, ?5)
  ON CONFLICT (minute) DO UPDATE SET
    completed = completed + excluded.completed, failed = failed + excluded.failed,
    waits = excluded.waits, runs = excluded.runs`;

/** The minute that contains a time, counted from the Unix epoch. */
export function minuteOf(ms: number): number {
  return Math.floor(ms / 60_000);
}

/**
 * Counts how a call changes the tasks of each type, and writes the counts at the end of the call: one row per type
 * and one per minute, regardless of the number of tasks. So the counts match the tasks after every call, and the
 * tasks themselves never need to be counted.
 */
export class Counters {
  readonly #types = new Map<string, Moves>();
  readonly #waits = new Histogram();
  readonly #runs = new Histogram();
  #completed = 0;
  #failed = 0;

  /** Counts tasks that changed their state. Null means that they are not in the ledger. */
  move(type: string, from: TaskState | null, to: TaskState | null, tasks = 1): void {
    const moves = this.#of(type);
    if (from) moves[from] -= tasks;
    if (to) moves[to] += tasks;
    if (to === 'completed' || to === 'failed' || to === 'cancelled') moves[`${to}Total`] += tasks;
    if (to === 'completed') this.#completed += tasks;
    if (to === 'failed') this.#failed += tasks;
  }

  /** Counts a failed attempt whose task waits for another attempt. */
  retry(type: string): void {
    this.#of(type).retries += 1;
  }

  /** Counts an attempt whose lease expired or whose task the runner no longer listed. */
  expireLease(type: string): void {
    this.#of(type).leaseExpiries += 1;
  }

  /** Counts a reported attempt: how long it waited for its claim, and how long it took after the claim. */
  report(waitMs: number, runMs: number): void {
    this.#waits.add(waitMs);
    this.#runs.add(runMs);
  }

  /** Writes the counts. */
  write(sql: Sql, now: number): void {
    if (this.#types.size === 0) return;
    const moved = [...this.#types].map(([type, moves]) => [type, ...Object.values(moves)]);
    sql.exec(ADD_TO_TYPES, JSON.stringify(moved), now);
    if (this.#completed + this.#failed === 0 && this.#runs.isEmpty) return;
    const minute = minuteOf(now);
    const stored = sql.exec<{ waits: string; runs: string }>(SELECT_MINUTE, minute)[0];
    this.#waits.merge(new Histogram(stored?.waits));
    this.#runs.merge(new Histogram(stored?.runs));
    sql.exec(ADD_TO_MINUTE, minute, this.#completed, this.#failed, this.#waits.toJson(), this.#runs.toJson());
  }

  /** How many more tasks of a type are ready now than when the call began. */
  readied(type: string): number {
    return this.#types.get(type)?.ready ?? 0;
  }

  /** The types that have more ready tasks than when the call began, and how many more. */
  madeReady(): Map<string, number> {
    const made = new Map<string, number>();
    for (const [type, { ready }] of this.#types) if (ready > 0) made.set(type, ready);
    return made;
  }

  #of(type: string): Moves {
    const known = this.#types.get(type);
    if (known) return known;
    const moves = { ...NOTHING };
    this.#types.set(type, moves);
    return moves;
  }
}
