import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { TestContext } from 'node:test';
import type { ClaimGrant, SettleReport } from '../../contract/ledger/leases.ts';
import type { NewTask, TaskRow } from '../../contract/ledger/tasks.ts';
import type { TaskState } from '../../contract/task.ts';
import { newSubmission, taskIdAt } from '../../contract/task-id.ts';
import { Ledger } from './ledger.ts';
import type { Sql, SqlValue } from './store/sql.ts';
import { openSqlite } from './store/sqlite.ts';
import type { TakenBack } from './store/store.ts';

export const START = Date.UTC(2026, 0, 1, 12);
export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

interface ClaimOptions {
  leaseId?: string;
  limit?: number;
  leaseSeconds?: number;
  runner?: string;
  /** How many of the tasks start at once; all by default. */
  starts?: number;
  ahead?: Record<string, number>;
}

/** A ledger with `node:sqlite`. A test sets its clock and its random numbers. */
export class TestLedger {
  /** Unix milliseconds. */
  now = START;
  /** The random number that the ledger gets. */
  random = 0.5;
  /** Whether the ledger has no capacity for more tasks. */
  isFull = false;
  /** The runners with an open wake socket. */
  readonly connected = new Set<string>();
  readonly sql: Sql;
  readonly ledger: Ledger;
  #made = 0;

  constructor(sql: Sql, onTakenBack: (taken: TakenBack) => void = () => {}) {
    this.sql = sql;
    this.ledger = new Ledger(sql, {
      now: () => this.now,
      random: () => this.random,
      isConnected: (runner) => this.connected.has(runner),
      isFull: () => this.isFull,
      onTakenBack,
    });
  }

  /** Creates a task of a separate submission, created now unless `options` has an id. Ids are ascending. */
  task(options: Partial<NewTask> = {}): NewTask {
    const count = this.#made++;
    const random = Uint8Array.from([count >> 24, count >> 16, count >> 8, count, 0, 0]);
    const id = taskIdAt(newSubmission(this.now, 0, random), 0);
    return { id, type: 'a', payload: '{}', priority: 0, ...options };
  }

  /** Inserts a task and returns its id. */
  add(options: Partial<NewTask> = {}): string {
    const task = this.task(options);
    this.ledger.insert([task]);
    return task.id;
  }

  addMany(count: number, options: Partial<NewTask> = {}): string[] {
    const tasks = Array.from({ length: count }, () => this.task(options));
    this.ledger.insert(tasks);
    return tasks.map((task) => task.id);
  }

  claim(types: string[], options: ClaimOptions = {}): ClaimGrant & { leaseId: string; ids: string[] } {
    const { leaseId = randomUUID(), limit = 1000, leaseSeconds = 30, runner = 'runner-1', ...rest } = options;
    const grant = this.ledger.claim({ leaseId, runner, leaseSeconds, wants: [{ types, limit, ...rest }] });
    return { ...grant, leaseId, ids: grant.tasks.map((task) => task.id) };
  }

  /** Claims tasks of type `a` ahead of their start. */
  readAhead(limit: number, options: ClaimOptions = {}) {
    return this.claim(['a'], { limit, starts: 0, ahead: { a: limit }, ...options });
  }

  /** Adds a task and claims it. */
  held(options: Partial<NewTask> = {}, claim: ClaimOptions = {}): { id: string; leaseId: string } {
    const id = this.add(options);
    const { leaseId, ids } = this.claim([options.type ?? 'a'], claim);
    assert.deepEqual(ids, [id]);
    return { id, leaseId };
  }

  succeed(taskId: string, leaseId: string, result?: string) {
    return this.settle({ taskId, leaseId, success: true, result });
  }

  fail(taskId: string, leaseId: string, report: Partial<SettleReport> = {}) {
    const error = { code: 'broken', message: 'It broke' };
    return this.settle({ taskId, leaseId, success: false, error, ...report });
  }

  settle(report: SettleReport) {
    const [outcome] = this.ledger.settle([report]);
    assert.ok(outcome);
    return outcome;
  }

  row(taskId: string): TaskRow {
    const found = this.ledger.find(taskId);
    assert.ok('task' in found, `${taskId} is not in the ledger`);
    return found.task;
  }

  state(taskId: string): TaskState {
    return this.row(taskId).state;
  }

  /** The states of the tasks, in the order of the ids. */
  states(taskIds: readonly string[]): TaskState[] {
    return taskIds.map((id) => this.state(id));
  }
}

/** A new ledger in memory. It is closed when the test ends. */
export function testLedger(t: TestContext, onTakenBack?: (taken: TakenBack) => void): TestLedger {
  const sql = openSqlite();
  t.after(() => sql.close());
  return new TestLedger(sql, onTakenBack);
}

export interface Statement {
  query: string;
  params: SqlValue[];
}

/** Wraps a database and records its statements. */
export function recording(sql: Sql): Sql & { statements: Statement[] } {
  const statements: Statement[] = [];
  return {
    statements,
    exec<Row extends Record<string, SqlValue>>(query: string, ...params: SqlValue[]) {
      statements.push({ query, params });
      return sql.exec<Row>(query, ...params);
    },
    transaction: (body) => sql.transaction(body),
  };
}
