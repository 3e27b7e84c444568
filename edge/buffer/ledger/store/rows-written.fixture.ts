import { DurableObject } from 'cloudflare:workers';
import { newSubmission, taskIdAt } from '../../../contract/task-id.ts';
import { Ledger } from '../ledger.ts';
import type { Sql, SqlValue } from './sql.ts';

/** Rows as Cloudflare bills them, including index rows. */
export interface Rows {
  read: number;
  written: number;
}

export interface LifeRows {
  insert: Rows;
  claim: Rows;
  settle: Rows;
  remove: Rows;
}

const START = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;

/** Runs the ledger with the storage of a Durable Object and counts the rows that it reads and writes. */
export class CountingLedger extends DurableObject<unknown> {
  #rows: Rows = { read: 0, written: 0 };
  #now = START;

  /** Runs tasks through their life: one insert, claims and reports of `size` tasks, one delete. */
  life(tasks: number, size: number): LifeRows {
    const ledger = this.#ledger();
    const ids = idsAt(START, tasks);
    const insert = this.#count(() => ledger.insert(ids.map((id) => newTask(id, 'a'))));
    const claim = { read: 0, written: 0 };
    const settle = { read: 0, written: 0 };
    for (let done = 0; done < tasks; done += size) {
      this.#now += 10;
      const leaseId = crypto.randomUUID();
      const claimed: string[] = [];
      const wants = [{ types: ['a'], limit: size }];
      add(
        claim,
        this.#count(() => {
          const grant = ledger.claim({ leaseId, runner: 'runner-1', leaseSeconds: 30, wants });
          claimed.push(...grant.tasks.map((task) => task.id));
        }),
      );
      const reports = claimed.map((taskId) => ({ taskId, leaseId, success: true, result: '{"ok":true}' }));
      add(
        settle,
        this.#count(() => ledger.settle(reports)),
      );
    }
    const completed = ledger.list({ states: ['completed'], limit: tasks + 1 }).tasks.length;
    if (completed !== tasks) throw new Error(`Expected ${tasks} completed tasks, got ${completed}`);
    const sql = this.#sql();
    const remove = this.#count(() => {
      sql.exec('DELETE FROM tasks WHERE id >= ? AND id <= ?', ids.at(0) ?? '', ids.at(-1) ?? '');
      sql.exec('DELETE FROM leases');
    });
    return { insert, claim, settle, remove };
  }

  /** The cost of a claim of 100 tasks among `others` tasks of another type and `others` tasks of a later time. */
  claimAmong(others: number): Rows {
    const ledger = this.#ledger();
    const types = ['a', 'b', 'c', 'd', 'e'];
    ledger.insert(idsAt(START, others).map((id) => ({ ...newTask(id, 'foreign'), priority: 100 })));
    const runAt = START + 60 * MINUTE;
    ledger.insert(idsAt(START + 1, others).map((id) => ({ ...newTask(id, 'a'), priority: 100, runAt })));
    for (const [place, type] of types.entries()) {
      ledger.insert(idsAt(START + 2 + place, 100).map((id) => newTask(id, type)));
    }
    this.#now += 10;
    const leaseId = crypto.randomUUID();
    return this.#count(() => {
      ledger.claim({ leaseId, runner: 'runner-1', leaseSeconds: 30, wants: [{ types, limit: 100 }] });
    });
  }

  #ledger(): Ledger {
    return new Ledger(this.#sql(), { now: () => this.#now, random: () => 0.5 });
  }

  #sql(): Sql {
    const { storage } = this.ctx;
    const count = ({ rowsRead, rowsWritten }: { rowsRead: number; rowsWritten: number }) =>
      add(this.#rows, { read: rowsRead, written: rowsWritten });
    return {
      exec<Row extends Record<string, SqlValue>>(query: string, ...params: SqlValue[]) {
        const cursor = storage.sql.exec<Row>(query, ...params);
        const rows = cursor.toArray();
        count(cursor);
        return rows;
      },
      transaction: (body) => storage.transactionSync(body),
    };
  }

  #count(body: () => void): Rows {
    this.#rows = { read: 0, written: 0 };
    body();
    return this.#rows;
  }
}

function add(sum: Rows, more: Rows): void {
  sum.read += more.read;
  sum.written += more.written;
}

function idsAt(createdAtMs: number, count: number): string[] {
  const submission = newSubmission(createdAtMs, 0, new Uint8Array(6));
  return Array.from({ length: count }, (_, index) => taskIdAt(submission, index));
}

function newTask(id: string, type: string) {
  return { id, type, payload: '{"to":"user@example.com"}', priority: 0 };
}

interface FixtureEnv {
  LEDGER: DurableObjectNamespace<CountingLedger>;
}

export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    const number = (name: string) => Number(url.searchParams.get(name));
    const ledger = env.LEDGER.getByName(url.href);
    return Response.json(
      url.pathname === '/life'
        ? await ledger.life(number('tasks'), number('size'))
        : await ledger.claimAmong(number('others')),
    );
  },
} satisfies ExportedHandler<FixtureEnv>;
