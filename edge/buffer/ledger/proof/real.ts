import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { newSubmission, taskIdAt, windowOf } from '../../../contract/task-id.ts';
import type { Ledger } from '../ledger.ts';
import type { Sql } from '../store/sql.ts';
import { openSqlite } from '../store/sqlite.ts';
import { START } from '../testing.ts';
import type { LedgerSources } from '../transactions.ts';
import type { Calls } from './calls.ts';
import type { Model } from './model/model.ts';
import { holderName } from './model/task.ts';

export type MakeLedger = (sql: Sql, sources: LedgerSources) => Ledger;

/** The real ledger, and the ids that were created. */
export class Real {
  now = START;
  chance = 0.5;
  readonly sources: LedgerSources = { now: () => this.now, random: () => this.chance };
  readonly taskIds: string[] = [];
  readonly leaseIds: string[] = [];
  /** The tasks that each claim granted. */
  readonly grants: { taskId: string; leaseId: string }[] = [];
  readonly #sql = openSqlite();
  readonly #make: MakeLedger;
  ledger: Ledger;

  constructor(make: MakeLedger) {
    this.#make = make;
    this.ledger = make(this.#sql, this.sources);
  }

  restart(): void {
    this.ledger = this.#make(this.#sql, this.sources);
  }

  close(): void {
    this.#sql.close();
  }

  newTaskId(ageMs: number): string {
    const count = this.taskIds.length;
    const submission = newSubmission(this.now - ageMs, 0, Uint8Array.of(0, 0, 0, count >> 8, count, 0));
    const id = taskIdAt(submission, 0);
    this.taskIds.push(id);
    return id;
  }

  newLeaseId(): string {
    const id = `lease-${this.leaseIds.length}`;
    this.leaseIds.push(id);
    return id;
  }

  taskId(place: number): string {
    return fromEnd(this.taskIds, place) ?? 'no such task';
  }

  leaseId(place: number): string {
    return fromEnd(this.leaseIds, place) ?? 'no such lease';
  }

  /** A lease that was granted tasks. */
  grantedLease(place: number): string {
    return fromEnd([...new Set(this.grants.map((grant) => grant.leaseId))], place) ?? this.leaseId(place);
  }

  window(place: number): string {
    const windows = [...new Set(this.taskIds.map(windowOf))].sort();
    return fromEnd(windows, place) ?? windowOf(newSubmission(this.now, 0, Uint8Array.of()));
  }

  granted(leaseId: string): string[] {
    return this.grants.filter((grant) => grant.leaseId === leaseId).map((grant) => grant.taskId);
  }

  holders(): string[] {
    const query = 'SELECT id, lease_id FROM tasks WHERE claimed_at IS NOT NULL';
    const rows = this.#sql.exec<{ id: string; lease_id: string }>(query);
    return rows.map((row) => `${row.id} ${holderName(row.lease_id)}`);
  }

  counts(): string[] {
    return this.ledger.stats().types.flatMap(({ type, counts: { processing, ...counts } }) =>
      Object.entries({ ...counts, leased: processing })
        .filter(([, tasks]) => tasks !== 0)
        .map(([state, tasks]) => `${type} ${state} ${tasks}`),
    );
  }

  openLeases(): string[] {
    const query = 'SELECT id, expires_at FROM leases WHERE ended_at IS NULL';
    const rows = this.#sql.exec<{ id: string; expires_at: number }>(query);
    return rows.map((row) => `${holderName(row.id)} until ${row.expires_at}`);
  }
}

export function fromEnd(names: readonly string[], place: number): string | undefined {
  return names[names.length - 1 - (place % names.length)];
}

/** Sorts an answer whose order is not defined. */
export function sorted(answer: unknown): unknown {
  if (Array.isArray(answer)) return answer.map(text).sort();
  if (typeof answer !== 'object' || answer === null) return answer;
  return Object.fromEntries(Object.entries(answer).map(([key, value]) => [key, sorted(value)]));
}

/** SQLite's rows have no prototype. */
const plain = (value: unknown): unknown => JSON.parse(text(value));

/** Fails if the ledger and the model differ in anything that is visible from outside. */
export function compare(model: Model, real: Real): void {
  const { ledger } = real;
  same('holders', real.holders().sort(), model.holders().sort());
  same('open leases', real.openLeases().sort(), model.openLeases().sort());
  same('counts', real.counts().sort(), model.counts().sort());
  for (const id of real.taskIds) same('find', ledger.find(id), model.find(id));
  const views: [string, (calls: Calls) => unknown][] = [
    ['list', (calls) => plain(calls.list({ limit: 1000 }))],
    ['list of a tag', (calls) => plain(calls.list({ tag: 'x', limit: 1000 }))],
    ['ready', (calls) => calls.ready(1000)],
    ['listActive', (calls) => sorted(calls.listActive(1000))],
    ['nextTickAt', (calls) => calls.nextTickAt()],
    ['openSeals', (calls) => calls.openSeals(1000)],
    ['closable', (calls) => calls.closable({ default: 60_000, types: {} }, 1000)],
    ['closable early', (calls) => calls.closable({ default: 0, types: {} }, 1000, true)],
    ['failures', (calls) => sorted(calls.failures())],
    ['schedules', (calls) => calls.schedules.list('', 10)],
    ['runs', (calls) => lastRuns(ledger).map((id) => calls.find(id))],
  ];
  for (const [name, view] of views) same(name, view(ledger), view(model));
}

/** The tasks of the last runs of all schedules. */
function lastRuns(ledger: Ledger): string[] {
  return ledger.schedules.list('', 10).schedules.flatMap(({ lastTaskId }) => lastTaskId ?? []);
}

export function same(what: string, actual: unknown, expected: unknown): void {
  if (isDeepStrictEqual(actual, expected)) return;
  assert.deepStrictEqual(
    actual,
    expected,
    `${what} differs from the model: ${text(actual)} ≠ ${text(expected)}`,
  );
}

export const text = (value: unknown) => JSON.stringify(value);
