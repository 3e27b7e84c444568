import type { z } from 'zod';
import type { Outcome, ReportRequest, TaskResult } from '../../edge/contract/api.ts';
import type {
  Claim,
  ClaimedTask,
  ClaimRequest,
  HeartbeatAnswer,
  HeartbeatRequest,
  ReleaseRequest,
} from '../../edge/contract/buffer.ts';
import { claimedTask } from './held-tasks.ts';

interface Row {
  readonly task: ClaimedTask;
  state: 'ready' | 'leased' | 'completed' | 'failed';
  leaseId?: string;
  /** The number of started attempts. If a leased task has not started, its attempt does not count. */
  attempt: number;
  started: boolean;
}

interface Lease {
  readonly leaseSeconds: number;
  readonly ids: string[];
  expiresAt: number;
  ended: boolean;
}

type Want = ClaimRequest['wants'][number];

/**
 * An in-memory ledger that keeps the ledger's promises to a runner. Claims return tasks by priority and age.
 * Leases and fencing work as in the ledger. A start spends an attempt. A repeat gets the first answer.
 */
export class FakeLedger {
  readonly rows = new Map<string, Row>();
  /** The accepted results by task id. */
  readonly settled = new Map<string, TaskResult>();
  readonly #ready = new Set<string>();
  readonly #leases = new Map<string, Lease>();
  readonly #cancelled = new Set<string>();

  add(type: string, payload: unknown, rest: Partial<ClaimedTask> = {}): string {
    const task = claimedTask(type, payload, rest);
    this.rows.set(task.taskId, { task, state: 'ready', attempt: 0, started: false });
    this.#ready.add(task.taskId);
    return task.taskId;
  }

  stateOf(taskId: string): string | undefined {
    return this.rows.get(taskId)?.state;
  }

  attemptOf(taskId: string): number | undefined {
    return this.rows.get(taskId)?.attempt;
  }

  get allSettled(): boolean {
    return this.settled.size === this.rows.size;
  }

  /** The number of tasks that wait for a claim. */
  get waiting(): number {
    return this.#ready.size;
  }

  claim({ leaseId, wants, leaseSeconds = 30 }: ClaimRequest): Claim {
    this.#takeBackExpired();
    const types = new Set(wants.flatMap((want) => want.types));
    const known = this.#leases.get(leaseId);
    const expiresAt = known?.expiresAt ?? Date.now() + leaseSeconds * 1000;
    const ids = known ? known.ids.filter((id) => this.#holds(leaseId, id)) : this.#grant(leaseId, wants);
    if (!known && ids.length > 0) this.#leases.set(leaseId, { leaseSeconds, ids, expiresAt, ended: false });
    const tasks = ids.flatMap((id) => {
      const row = this.rows.get(id);
      return row ? [{ ...row.task, attempt: row.attempt + (row.started ? 0 : 1) }] : [];
    });
    const left = this.#waitingOf([...types]);
    const next = wants.map((want) => {
      const head = left.find(({ task }) => want.types.includes(task.type));
      return head ? { priority: priorityOf(head), runAt: head.task.createdAt } : null;
    });
    const ready = Math.min(1000, left.length);
    return { tasks, leaseExpiresAt: new Date(expiresAt).toISOString(), ready, next };
  }

  heartbeat({ leases }: z.output<typeof HeartbeatRequest>): HeartbeatAnswer {
    this.#takeBackExpired();
    const answer: HeartbeatAnswer = { extended: [], lost: [], cancelled: [] };
    for (const { leaseId, holds, started = [] } of leases) {
      for (const id of started) if (this.#holds(leaseId, id)) this.#start(id);
      const named = new Set(holds);
      for (const id of this.#leases.get(leaseId)?.ids ?? []) {
        if (this.#holds(leaseId, id) && !named.has(id)) this.#free(id);
      }
      answer.cancelled.push(...holds.filter((id) => this.#cancelled.has(id)));
      answer.lost.push(...holds.filter((id) => this.rows.get(id)?.leaseId !== leaseId));
      const lease = this.#leases.get(leaseId);
      if (!lease || lease.ended || !holds.some((id) => this.#holds(leaseId, id))) continue;
      lease.expiresAt = Date.now() + lease.leaseSeconds * 1000;
      answer.extended.push({ leaseId, expiresAt: new Date(lease.expiresAt).toISOString() });
    }
    return answer;
  }

  release({ leaseId, taskIds }: ReleaseRequest): { success: true; released: string[] } {
    const known = this.#leases.get(leaseId);
    const named = taskIds ?? known?.ids ?? [];
    const released = named.filter((id) => this.#holds(leaseId, id));
    for (const id of released) {
      const row = this.rows.get(id);
      if (row?.started) row.attempt -= 1;
      this.#free(id);
    }
    if (!taskIds) this.#leases.set(leaseId, { leaseSeconds: 0, ids: [], expiresAt: Date.now(), ended: true });
    return { success: true, released };
  }

  complete({ results }: z.output<typeof ReportRequest>): { outcomes: Outcome[] } {
    return { outcomes: results.map((result) => ({ taskId: result.taskId, status: this.#settle(result) })) };
  }

  /** Cancels a task that its runner still holds. */
  cancel(taskId: string): void {
    this.#cancelled.add(taskId);
  }

  /** Takes a task away from the runner that holds it, like an expired lease. */
  takeBack(taskId: string): void {
    if (this.rows.get(taskId)?.state === 'leased') this.#free(taskId);
  }

  #settle(result: TaskResult): Outcome['status'] {
    const row = this.rows.get(result.taskId);
    if (!row) return 'unknown';
    if (row.leaseId !== result.leaseId) return 'stale';
    if (row.state !== 'leased') return row.state === 'ready' ? 'pending' : row.state;
    this.#start(result.taskId);
    if (!result.success && result.error?.retryable !== false && row.attempt < row.task.maxAttempts) {
      this.#free(result.taskId);
      return 'pending';
    }
    row.state = result.success ? 'completed' : 'failed';
    this.settled.set(result.taskId, result);
    return row.state;
  }

  #grant(leaseId: string, wants: readonly Want[]): string[] {
    return wants.flatMap((want) => {
      const granted = this.#selectFor(want);
      for (const [index, { task }] of granted.entries()) {
        const row = this.rows.get(task.taskId);
        if (!row) continue;
        this.#ready.delete(task.taskId);
        row.state = 'leased';
        row.leaseId = leaseId;
        if (index < (want.starts ?? want.limit)) this.#start(task.taskId);
      }
      return granted.map(({ task }) => task.taskId);
    });
  }

  /** Selects tasks for a want: first, in order, those that start at once, then those to read ahead. */
  #selectFor({ types, limit, starts = limit, ahead = {} }: Want): Row[] {
    const waiting = this.#waitingOf(types);
    const taken = new Map<string, number>();
    const readAhead = waiting.slice(Math.min(starts, limit)).filter(({ task: { type } }) => {
      const count = (taken.get(type) ?? 0) + 1;
      taken.set(type, count);
      return count <= (ahead[type] ?? 0);
    });
    return [...waiting.slice(0, starts), ...readAhead].slice(0, limit);
  }

  /** The waiting tasks of some types, in the order of claims. */
  #waitingOf(types: readonly string[]): Row[] {
    const wanted = new Set(types);
    const rows: Row[] = [];
    let priorities = false;
    for (const id of this.#ready) {
      const row = this.rows.get(id);
      if (!row || !wanted.has(row.task.type)) continue;
      rows.push(row);
      priorities ||= row.task.priority !== undefined;
    }
    return priorities ? rows.toSorted((a, b) => priorityOf(b) - priorityOf(a)) : rows;
  }

  #start(id: string): void {
    const row = this.rows.get(id);
    if (!row || row.started) return;
    row.started = true;
    row.attempt += 1;
  }

  #holds(leaseId: string, id: string): boolean {
    const row = this.rows.get(id);
    return row?.state === 'leased' && row.leaseId === leaseId;
  }

  #free(id: string): void {
    const row = this.rows.get(id);
    if (!row) return;
    row.state = 'ready';
    row.started = false;
    delete row.leaseId;
    this.#ready.add(id);
  }

  #takeBackExpired(): void {
    for (const [leaseId, lease] of this.#leases) {
      if (lease.ended || lease.expiresAt > Date.now()) continue;
      lease.ended = true;
      for (const id of lease.ids) if (this.#holds(leaseId, id)) this.#free(id);
    }
  }
}

function priorityOf({ task }: Row): number {
  return task.priority ?? 0;
}
