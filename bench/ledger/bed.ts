import { randomUUID } from 'node:crypto';
import { copyFileSync } from 'node:fs';
import { Ledger } from '../../edge/buffer/ledger/ledger.ts';
import { openSqlite } from '../../edge/buffer/ledger/store/sqlite.ts';
import type { LedgerClaim, SettleReport } from '../../edge/contract/ledger/leases.ts';
import type { NewTask } from '../../edge/contract/ledger/tasks.ts';
import { MAX_GRANTED_TASKS } from '../../edge/contract/limits.ts';
import { newSubmission, taskIdAt, windowAt } from '../../edge/contract/task-id.ts';

const WINDOW_MS = 2 ** 16;
/** The first millisecond of a window. */
const WINDOW_START = Math.floor(Date.UTC(2026, 0, 1) / WINDOW_MS) * WINDOW_MS;
export const HOUR_MS = 3_600_000;
export const LEASE_SECONDS = 3600;

const INSERTED_AT_ONCE = 10_000;
const SUBMISSION_TASKS = 1000;

/** The types of half of all tasks. The other half has many types. */
export const MAIN_TYPES = ['main-0', 'main-1', 'main-2', 'main-3', 'main-4'];
const OTHER_TYPES = 9995;
const MOST_WANTED_TYPES = 500;
/** The number of other types that together have about as many tasks as one claim grants, with a million tasks. */
const CLAIMED_TYPES = 20;
/** The type of the tasks that single calls lease and release. */
const APART = 'apart';

const PAYLOAD = JSON.stringify({ text: 'x'.repeat(180) });

interface HeldLease {
  readonly id: string;
  /** The ids of its tasks, joined by commas, because a flat text costs the garbage collector nothing. */
  readonly taskIds: string;
}

/** Large enough for all pages, so that the ledger is measured and not the disk of this machine. */
const CACHE_KIB = 8 * 1024 * 1024;

/**
 * A ledger over a file of `node:sqlite` in WAL mode, with a clock that can be set. All its tasks are in one
 * window. Only {@link checkpoint} writes the log back, outside the measured calls.
 */
export class LedgerBed {
  /** Unix milliseconds. */
  now = WINDOW_START + WINDOW_MS;
  readonly window = windowAt(WINDOW_START);
  readonly ledger: Ledger;
  /** The number of tasks that it is filled with. */
  readonly size: number;
  readonly otherTypes: readonly string[];
  readonly #sql: ReturnType<typeof openSqlite>;
  readonly #path: string;
  #submissions: number;
  #turn = 0;
  #middleId = '';
  #held: HeldLease[] = [];

  /**
   * @param path the path of its file, which may not exist yet.
   * @param size the number of tasks that it is filled with.
   * @param submissions the number of submissions that the file already has.
   */
  constructor(path: string, size: number, submissions = 0) {
    this.#path = path;
    this.size = size;
    this.#submissions = submissions;
    this.otherTypes = Array.from({ length: Math.min(OTHER_TYPES, size / 2) }, (_, index) => `other-${index}`);
    this.#sql = openSqlite(path);
    this.#sql.exec('PRAGMA journal_mode = WAL');
    this.#sql.exec('PRAGMA synchronous = OFF');
    this.#sql.exec(`PRAGMA cache_size = -${CACHE_KIB}`);
    this.#sql.exec('PRAGMA wal_autocheckpoint = 0');
    this.ledger = new Ledger(this.#sql, { now: () => this.now, random: () => 0.5 });
  }

  /** A ledger over a copy of this one's file. */
  copy(path: string): LedgerBed {
    this.checkpoint();
    copyFileSync(this.#path, path);
    const copy = new LedgerBed(path, this.size, this.#submissions);
    copy.now = this.now;
    return copy;
  }

  close(): void {
    this.#sql.close();
  }

  /** The size of the database in bytes, after a checkpoint. */
  bytes(): number {
    this.checkpoint();
    const [pages] = this.#sql.exec<{ page_count: number }>('PRAGMA page_count');
    const [size] = this.#sql.exec<{ page_size: number }>('PRAGMA page_size');
    return (pages?.page_count ?? 0) * (size?.page_size ?? 0);
  }

  checkpoint(): void {
    this.#sql.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  }

  /** Up to 500 types with tasks, including the main types. */
  mostTypes(): string[] {
    return [...MAIN_TYPES, ...this.otherTypes].slice(0, MOST_WANTED_TYPES);
  }

  /** New tasks, of one type or of all types in turn. */
  tasks(count: number, options: Partial<NewTask> = {}): NewTask[] {
    const tasks: NewTask[] = [];
    for (let first = 0; first < count; first += SUBMISSION_TASKS) {
      const submission = this.#submission();
      for (let index = 0; index < Math.min(SUBMISSION_TASKS, count - first); index += 1) {
        const type = this.#nextType();
        tasks.push({ id: taskIdAt(submission, index), type, payload: PAYLOAD, priority: 0, ...options });
      }
    }
    return tasks;
  }

  /** Inserts `size` tasks. */
  fill(options: Partial<NewTask> = {}): void {
    for (let done = 0; done < this.size; done += INSERTED_AT_ONCE) {
      const tasks = this.tasks(Math.min(INSERTED_AT_ONCE, this.size - done), options);
      this.ledger.insert(tasks);
      this.checkpoint();
      if (done <= this.size / 2) this.#middleId = tasks.at(-1)?.id ?? '';
    }
  }

  /** A claim under a new lease. */
  order(types: readonly string[], limit: number): LedgerClaim {
    return {
      leaseId: randomUUID(),
      runner: 'bench',
      leaseSeconds: LEASE_SECONDS,
      wants: [{ types: [...types], limit }],
    };
  }

  /** Leases tasks of a type that no other call claims. It inserts them first if there are too few. */
  lease(count: number): { leaseId: string; taskIds: string[] } {
    const order = this.order([APART], count);
    const missing = count - (this.ledger.claimable([APART]).get(APART) ?? 0);
    if (missing > 0) this.ledger.insert(this.tasks(missing, { type: APART }));
    const taskIds = this.ledger.claim(order).tasks.map(({ id }) => id);
    if (taskIds.length !== count) throw new Error(`A claim of ${count} returned ${taskIds.length} tasks`);
    this.#held.push({ id: order.leaseId, taskIds: taskIds.join(',') });
    return { leaseId: order.leaseId, taskIds };
  }

  /** Adds runners that wait for tasks of a type without tasks. */
  enterRunners(names: readonly string[]): void {
    const types = ['none'];
    const about = { startedAt: new Date(this.now).toISOString(), threads: 8, ioConcurrency: 64, types };
    for (const runner of names) this.ledger.claim({ ...this.order(types, 1), runner, about });
  }

  /** Reserves idempotency keys. */
  reserveKeys(count: number): void {
    for (let index = 0; index < count; index += 1) {
      this.ledger.reserve(`key-${index}`, 'hash', `submission-${index}`);
    }
  }

  /** The id of a task in the middle of all tasks. */
  someId(): string {
    return this.#middleId;
  }

  /** Leases every ready task, with as many tasks per lease as a claim grants. */
  leaseAll(): void {
    this.#leaseAll(MAIN_TYPES);
    for (let first = 0; first < this.otherTypes.length; first += CLAIMED_TYPES) {
      this.#leaseAll(this.otherTypes.slice(first, first + CLAIMED_TYPES));
    }
  }

  /** Settles every leased task. One of ten fails. */
  settleAll(): void {
    for (const { id, taskIds } of this.#held) this.ledger.settle(reports(id, taskIds.split(',')));
    this.#held = [];
  }

  #leaseAll(types: readonly string[]): void {
    for (;;) {
      const order = this.order(types, MAX_GRANTED_TASKS);
      const { tasks } = this.ledger.claim(order);
      if (tasks.length === 0) return;
      this.#held.push({ id: order.leaseId, taskIds: tasks.map(({ id }) => id).join(',') });
    }
  }

  #submission(): string {
    const count = this.#submissions++;
    const random = Uint8Array.from([0, 0, count >> 24, count >> 16, count >> 8, count]);
    return newSubmission(WINDOW_START + (count % WINDOW_MS), 0, random);
  }

  #nextType(): string {
    const turn = this.#turn++;
    const types = turn % 2 === 0 ? MAIN_TYPES : this.otherTypes;
    return types[Math.floor(turn / 2) % types.length] ?? 'main-0';
  }
}

/** Reports for tasks under a lease. One of ten is a failure. */
export function reports(leaseId: string, taskIds: readonly string[]): SettleReport[] {
  return taskIds.map((taskId, index) =>
    index % 10 === 0
      ? { taskId, leaseId, success: false, error: { code: 'broken', message: 'It broke', retryable: false } }
      : { taskId, leaseId, success: true, result: '{"n":1}' },
  );
}
