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
  attempt: number;
}

interface Lease {
  readonly leaseSeconds: number;
  readonly ids: string[];
  expiresAt: number;
  ended: boolean;
}

/** What the ledger promises a runner, in memory: leases, fencing, repeats that get the first answer. */
export class FakeLedger {
  readonly rows = new Map<string, Row>();
  /** The accepted results, by task id. */
  readonly settled = new Map<string, TaskResult>();
  readonly #ready = new Set<string>();
  readonly #leases = new Map<string, Lease>();
  readonly #cancelled = new Set<string>();

  add(type: string, payload: unknown, rest: Partial<ClaimedTask> = {}): string {
    const task = claimedTask(type, payload, rest);
    this.rows.set(task.taskId, { task, state: 'ready', attempt: 0 });
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

  /** How many tasks wait to be claimed. */
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
      return row ? [{ ...row.task, attempt: row.attempt }] : [];
    });
    const ready = [...this.#ready].filter((id) => types.has(this.rows.get(id)?.task.type ?? '')).length;
    return { tasks, leaseExpiresAt: new Date(expiresAt).toISOString(), ready: Math.min(1000, ready) };
  }

  heartbeat({ leases }: z.output<typeof HeartbeatRequest>): HeartbeatAnswer {
    this.#takeBackExpired();
    const answer: HeartbeatAnswer = { extended: [], lost: [], cancelled: [] };
    for (const { leaseId, holds } of leases) {
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
    const named = taskIds ?? this.#leases.get(leaseId)?.ids ?? [];
    const released = named.filter((id) => this.#holds(leaseId, id));
    for (const id of released) {
      this.#free(id);
      const row = this.rows.get(id);
      if (row) row.attempt -= 1;
    }
    return { success: true, released };
  }

  complete({ results }: z.output<typeof ReportRequest>): { outcomes: Outcome[] } {
    return { outcomes: results.map((result) => ({ taskId: result.taskId, status: this.#settle(result) })) };
  }

  /** Takes a task away from the runner that holds it, as an expiry would. */
  /** Calls a task off, which its runner still holds. */
  cancel(taskId: string): void {
    this.#cancelled.add(taskId);
  }

  takeBack(taskId: string): void {
    if (this.rows.get(taskId)?.state === 'leased') this.#free(taskId);
  }

  #settle(result: TaskResult): Outcome['status'] {
    const row = this.rows.get(result.taskId);
    if (!row) return 'unknown';
    if (row.leaseId !== result.leaseId) return 'stale';
    if (row.state !== 'leased') return row.state === 'ready' ? 'pending' : row.state;
    if (!result.success && result.error?.retryable !== false && row.attempt < row.task.maxAttempts) {
      this.#free(result.taskId);
      return 'pending';
    }
    row.state = result.success ? 'completed' : 'failed';
    this.settled.set(result.taskId, result);
    return row.state;
  }

  #grant(leaseId: string, wants: ClaimRequest['wants']): string[] {
    return wants.flatMap(({ types, limit }) => {
      const ids: string[] = [];
      for (const id of this.#ready) {
        if (ids.length === limit) break;
        const row = this.rows.get(id);
        if (!row || !types.includes(row.task.type)) continue;
        ids.push(id);
        this.#ready.delete(id);
        row.state = 'leased';
        row.leaseId = leaseId;
        row.attempt += 1;
      }
      return ids;
    });
  }

  #holds(leaseId: string, id: string): boolean {
    const row = this.rows.get(id);
    return row?.state === 'leased' && row.leaseId === leaseId;
  }

  #free(id: string): void {
    const row = this.rows.get(id);
    if (!row) return;
    row.state = 'ready';
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
