import { randomUUID } from 'node:crypto';
import { Ledger } from '../../buffer/ledger/ledger.ts';
import type { Random } from '../../buffer/ledger/proof/sim/random.ts';
import type { Sql } from '../../buffer/ledger/sql.ts';
import type { SettleReport, WorkRow } from '../../contract/ledger.ts';
import { newSubmission, taskIdAt } from '../../contract/task-id.ts';
import { WAITING, WORKLOADS, type Workload } from './workloads.ts';

const MINUTE_MS = 60_000;
const STEP_MS = 200;
const LEASE_SECONDS = 3600;
/** In these minutes of the hour a receiver of webhooks was down, and images came in a rush. */
const OUTAGE = { from: 21, to: 27 };
const RUSH = { from: 38, to: 46 };

const RUNNERS = [
  {
    name: 'render-01',
    slots: 3,
    types: ['image:resize', 'invoice:pdf', 'report:nightly'],
    threads: 3,
    io: 0,
  },
  {
    name: 'render-02',
    slots: 3,
    types: ['image:resize', 'invoice:pdf', 'report:nightly'],
    threads: 3,
    io: 0,
  },
  { name: 'mail-eu-1', slots: 32, types: ['email', 'webhook', 'newsletter'], threads: 2, io: 32 },
];

interface Running {
  readonly task: WorkRow;
  readonly leaseId: string;
  readonly runner: string;
  readonly endsAt: number;
}

/** Lets a ledger live through an hour that ends now: the ledger is the real one, its clock is turned. */
export class Hour {
  readonly #ledger: Ledger;
  readonly #endsAt: number;
  readonly #random: Random;
  #now: number;
  #count = 0;
  #running: Running[] = [];

  constructor(sql: Sql, endsAt: number, random: Random) {
    this.#endsAt = endsAt;
    this.#now = endsAt - 60 * MINUTE_MS;
    this.#random = random;
    this.#ledger = new Ledger(sql, { now: () => this.#now, random: () => random.next() });
  }

  live(): void {
    this.#ledger.pause(WAITING.paused.type);
    for (; this.#now < this.#endsAt; this.#now += STEP_MS) {
      for (const workload of WORKLOADS) this.#arrive(workload);
      this.#settleEnded();
      for (const runner of RUNNERS) this.#claim(runner);
    }
    this.#leaveWaiting();
    for (const runner of RUNNERS) this.#claim(runner);
    this.#tellProgress();
  }

  #arrive(workload: Workload): void {
    const rush = workload.type === 'image:resize' && this.#isIn(RUSH) ? 12 : 1;
    if (this.#random.chance((workload.perMinute * rush * STEP_MS) / MINUTE_MS)) {
      // Between two steps: a claim comes a moment after the task.
      const step = this.#now;
      this.#now -= this.#random.int(8, 60);
      this.#insert(workload.type, workload.payload(this.#count), workload.tags);
      this.#now = step;
    }
  }

  #insert(type: string, payload: unknown, tags: readonly string[], delayMs = 0): void {
    const bytes = this.#random.bytes(6);
    this.#count += 1;
    this.#ledger.insert([
      {
        id: taskIdAt(newSubmission(this.#now, 0, bytes), 0),
        type,
        payload: JSON.stringify(payload),
        priority: 0,
        backoff: { baseSeconds: 8 },
        tags: [...tags],
        ...(delayMs > 0 && { runAt: this.#now + delayMs }),
      },
    ]);
  }

  #claim({ name, slots, types, threads, io }: (typeof RUNNERS)[number]): void {
    const free = slots - this.#running.filter(({ runner }) => runner === name).length;
    if (free <= 0) return;
    const leaseId = randomUUID();
    const { tasks } = this.#ledger.claim({
      leaseId,
      runner: name,
      leaseSeconds: LEASE_SECONDS,
      wants: [{ types, limit: free }],
      about: {
        startedAt: new Date(this.#endsAt - (7 * 60 + name.length) * MINUTE_MS).toISOString(),
        threads,
        ioConcurrency: io,
        types,
      },
    });
    for (const task of tasks) {
      const spread = Math.exp((this.#random.next() + this.#random.next() + this.#random.next() - 1.5) * 1.3);
      const medianMs = workloadOf(task).medianMs * spread;
      this.#running.push({ task, leaseId, runner: name, endsAt: this.#now + medianMs });
    }
  }

  #settleEnded(): void {
    const ended = this.#running.filter(({ endsAt }) => endsAt <= this.#now);
    if (ended.length === 0) return;
    this.#running = this.#running.filter(({ endsAt }) => endsAt > this.#now);
    this.#ledger.settle(ended.map((run) => this.#report(run)));
  }

  #report({ task, leaseId }: Running): SettleReport {
    const workload = workloadOf(task);
    const isDown = workload.type === 'webhook' && this.#isIn(OUTAGE);
    const isBroken = workload.failing > 0.05 && task.attempt > 1;
    if (this.#random.chance(isDown ? 0.9 : isBroken ? 0.7 : workload.failing)) {
      return { taskId: task.id, leaseId, success: false, error: workload.error };
    }
    return { taskId: task.id, leaseId, success: true, result: JSON.stringify(workload.result(this.#count)) };
  }

  #leaveWaiting(): void {
    for (const { type, payload, tags, count } of Object.values(WAITING)) {
      for (let index = 0; index < count; index += 1) {
        this.#now = this.#endsAt - (count - index) * 900;
        this.#insert(type, { ...payload, part: index + 1 }, tags);
      }
    }
    this.#now = this.#endsAt - 2000;
    for (let index = 0; index < 18; index += 1) {
      this.#insert(
        'report:nightly',
        { dataset: 'sales_q3.csv', part: index + 1 },
        ['analytics'],
        (index + 2) * 20 * MINUTE_MS,
      );
    }
    for (let index = 0; index < 3; index += 1) {
      this.#insert('report:nightly', { dataset: `sales_q${index + 1}.csv`, rows: 480_000 }, [
        'analytics',
        'ad hoc',
      ]);
    }
    this.#now = this.#endsAt;
  }

  #tellProgress(): void {
    const byLease = Map.groupBy(this.#running, ({ leaseId }) => leaseId);
    const reports = this.#running.filter(({ task }) => task.type === 'report:nightly');
    this.#ledger.heartbeat(
      [...byLease].map(([leaseId, runs]) => ({
        leaseId,
        holds: runs.map(({ task }) => task.id),
        progress: runs
          .filter((run) => reports.includes(run))
          .map(({ task }) => ({
            taskId: task.id,
            value: JSON.stringify({ step: 'reading rows', done: 312_000, total: 480_000 }),
          })),
      })),
    );
  }

  #isIn({ from, to }: { from: number; to: number }): boolean {
    const minute = 60 - (this.#endsAt - this.#now) / MINUTE_MS;
    return minute >= from && minute < to;
  }
}

function workloadOf({ type }: WorkRow): Workload {
  const workload = WORKLOADS.find((one) => one.type === type);
  if (!workload) throw new Error(`No workload has the type ${type}`);
  return workload;
}
