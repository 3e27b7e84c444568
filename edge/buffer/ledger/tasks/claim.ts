import type {
  ClaimGrant,
  ClaimWant,
  LedgerClaim,
  QueueHead,
  SingleClaimGrant,
} from '../../../contract/ledger/leases.ts';
import { MAX_GRANTED_TASKS, MAX_READY_COUNT, UNFENCED_LEASE_SECONDS } from '../../../contract/limits.ts';
import { readyOf } from '../store/counters.ts';
import {
  fitting,
  inOrder,
  readSizes,
  readWork,
  type StoredWork,
  toGrantedRow,
  WORK_COLUMNS,
} from '../store/rows.ts';
import type { Store } from '../store/store.ts';
import { deadline, findLease, heldUnder, openLease } from './leases.ts';
import { pausedTypes } from './paused.ts';
import { QueueOrder, type ReadyTask } from './queue-order.ts';

/** Lease ids of clients are UUIDs. Lease ids that the ledger creates for single-task claims start with this. */
const UNFENCED = 'unfenced:';

/** Whether a lease belongs to a single-task claim, whose consumer does not know the lease id. */
export function isUnfenced(leaseId: string | null): boolean {
  return leaseId?.startsWith(UNFENCED) ?? false;
}

/** Leases tasks to a runner. If the lease id is already known, returns the tasks that the lease still holds. */
export function claim(sql: Store, order: LedgerClaim, now: number): ClaimGrant {
  const paused = pausedTypes(
    sql,
    order.wants.flatMap((want) => want.types),
  );
  const share = Math.ceil(MAX_GRANTED_TASKS / order.wants.length);
  const wants = order.wants.map((want) => ({
    ...want,
    limit: Math.min(want.limit, share),
    types: want.types.filter((type) => !paused.has(type)),
  }));
  const types = wants.flatMap((want) => want.types);
  const known = findLease(sql, order.leaseId);
  if (known) {
    const held = heldUnder(sql, known.id).flatMap(({ id, state }) => (state === 'leased' ? id : []));
    return {
      tasks: readWork(sql, held, toGrantedRow),
      expiresAt: known.expires_at,
      ready: readyOf(sql, types, MAX_READY_COUNT),
      next: headsOf(sql, wants),
    };
  }
  const expiresAt = deadline(now, order.leaseSeconds);
  const picks = wants.map((want) => pick(sql, want));
  const started = picks.flatMap((one) => one.started);
  const ahead = picks.flatMap((one) => one.ahead);
  const fit = fitting(readSizes(sql, [...started, ...ahead]));
  const rows = lease(sql, order, expiresAt, { started, ahead }, new Set(fit), now);
  return {
    tasks: inOrder(
      rows,
      picks.flatMap((one) => [...one.started, ...one.ahead]),
    ).map(toGrantedRow),
    expiresAt,
    ready: readyOf(sql, types, MAX_READY_COUNT),
    next:
      fit.length < started.length + ahead.length ? headsOf(sql, wants) : picks.map((one) => headOf(one.next)),
  };
}

interface Pick {
  readonly started: string[];
  readonly ahead: string[];
  /** The first task that is left. */
  readonly next: ReadyTask | undefined;
}

/** Chooses the tasks for a want: first the tasks that start at once, then the tasks that are read ahead. */
function pick(sql: Store, { types, limit, starts = limit, ahead = {} }: ClaimWant): Pick {
  const order = new QueueOrder(sql, types, limit);
  const started: string[] = [];
  while (started.length < Math.min(starts, limit)) {
    const task = order.take();
    if (!task) return { started, ahead: [], next: undefined };
    started.push(task.id);
  }
  const read: string[] = [];
  const left = new Map(Object.entries(ahead));
  let skipped: ReadyTask | undefined;
  while (started.length + read.length < limit) {
    const task = order.peek();
    if (!task) break;
    const allowed = left.get(task.type) ?? 0;
    if (allowed > 0) {
      left.set(task.type, allowed - 1);
      read.push(task.id);
      order.take();
    } else {
      skipped ??= task;
      order.skipType();
    }
  }
  return { started, ahead: read, next: skipped ?? order.peek() };
}

/** The first ready task of each want. */
function headsOf(sql: Store, wants: readonly ClaimWant[]): ClaimGrant['next'] {
  return wants.map(({ types }) => headOf(new QueueOrder(sql, types, 0).peek()));
}

function headOf(task: ReadyTask | undefined): QueueHead | null {
  return task ? { priority: task.priority, runAt: task.run_at } : null;
}

function lease(
  sql: Store,
  { leaseId, runner, leaseSeconds }: LedgerClaim,
  expiresAt: number,
  { started, ahead }: { started: readonly string[]; ahead: readonly string[] },
  fit: ReadonlySet<string>,
  now: number,
): StoredWork[] {
  if (fit.size === 0) return [];
  openLease(sql, { id: leaseId, runner, leaseSeconds, expiresAt }, [...fit]);
  const those = (ids: readonly string[]) => ids.filter((id) => fit.has(id));
  return [
    ...leaseTasks(sql, START_TASKS, those(started), leaseId, now),
    ...leaseTasks(sql, READ_AHEAD, those(ahead), leaseId, now),
  ];
}

/** Leases one task to a consumer that does not use lease ids. */
export function claimOne(sql: Store, taskId: string, now: number): SingleClaimGrant {
  const [task] = readWork(sql, [taskId]);
  if (!task) return { unknown: true };
  if (task.state !== 'ready') return { unavailable: task.state };
  if (pausedTypes(sql, [task.type]).size > 0) return { paused: true };

  const leaseSeconds = Math.max(UNFENCED_LEASE_SECONDS, task.timeoutSeconds ?? 0);
  const lease = {
    id: `${UNFENCED}${taskId}:${now}:${task.attempt + 1}`,
    runner: 'single-task consumer',
    leaseSeconds,
    expiresAt: deadline(now, leaseSeconds),
  };
  openLease(sql, lease, [taskId]);
  const [claimed] = leaseTasks(sql, START_TASKS, [taskId], lease.id, now);
  return claimed ? { claimed: toGrantedRow(claimed), leaseId: lease.id } : { unknown: true };
}

const START_TASKS = `
  UPDATE tasks SET
    state = 'leased', lease_id = ?2, claimed_at = ?3, started_at = ?3, attempt = attempt + 1, lost_deliveries = NULL
  WHERE id IN (SELECT value FROM json_each(?1))
  RETURNING ${WORK_COLUMNS}`;

const READ_AHEAD = `
  UPDATE tasks SET state = 'leased', lease_id = ?2, claimed_at = ?3
  WHERE id IN (SELECT value FROM json_each(?1))
  RETURNING ${WORK_COLUMNS}`;

function leaseTasks(
  sql: Store,
  statement: string,
  ids: readonly string[],
  leaseId: string,
  now: number,
): StoredWork[] {
  if (ids.length === 0) return [];
  const rows = sql.exec<StoredWork>(statement, JSON.stringify(ids), leaseId, now);
  for (const { type } of rows) sql.counters.move(type, 'ready', 'leased');
  return rows;
}
