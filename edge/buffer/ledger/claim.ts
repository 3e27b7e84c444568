import type { ClaimGrant, ClaimOrder, SingleClaimGrant } from '../../contract/ledger.ts';
import { UNFENCED_LEASE_SECONDS } from '../../contract/limits.ts';
import { deadline, findLease, heldUnder, openLease } from './leases.ts';
import { pausedTypes } from './paused.ts';
import { fitting, inOrder, readWork, type StoredWork, toWorkRow, WORK_COLUMNS } from './rows.ts';
import type { Store } from './tally.ts';
import { countReady, heads } from './waiting.ts';

/** Lease ids of clients are UUIDs; ids that the ledger makes for claims without one start like this. */
const UNFENCED = 'unfenced:';

/** Whether a lease was made for a single-task claim, which knows no lease id. */
export function isUnfenced(leaseId: string | null): boolean {
  return leaseId?.startsWith(UNFENCED) ?? false;
}

const LEASE_TASKS = `
  UPDATE tasks SET state = 'leased', lease_id = ?2, claimed_at = ?3, attempt = attempt + 1
  WHERE id IN (SELECT value FROM json_each(?1))
  RETURNING ${WORK_COLUMNS}`;

/** Leases tasks to a runner; a lease id that is known already answers what is still held under it. */
export function claim(sql: Store, order: ClaimOrder, now: number): ClaimGrant {
  const paused = pausedTypes(sql);
  const wants = order.wants.map((want) => ({
    ...want,
    types: want.types.filter((type) => !paused.has(type)),
  }));
  const types = wants.flatMap((want) => want.types);
  const known = findLease(sql, order.leaseId);
  if (known) {
    const held = heldUnder(sql, known.id).flatMap(({ id, state }) => (state === 'leased' ? id : []));
    return { tasks: readWork(sql, held), expiresAt: known.expires_at, ready: countReady(sql, types) };
  }
  const expiresAt = deadline(now, order.leaseSeconds);
  const picks = wants.flatMap((want) => heads(sql, want.types, want.limit));
  if (picks.length === 0) return { tasks: [], expiresAt, ready: 0 };

  const ids = fitting(picks);
  const lease = { id: order.leaseId, runner: order.runner, leaseSeconds: order.leaseSeconds, expiresAt };
  openLease(sql, lease, ids);
  const rows = leaseTasks(sql, ids, lease.id, now);
  return { tasks: inOrder(rows, ids).map(toWorkRow), expiresAt, ready: countReady(sql, types) };
}

/** Leases one task to a consumer that knows no lease ids. */
export function claimOne(sql: Store, taskId: string, now: number): SingleClaimGrant {
  const [task] = readWork(sql, [taskId]);
  if (!task) return { unknown: true };
  if (task.state !== 'ready') return { unavailable: task.state };
  if (pausedTypes(sql).has(task.type)) return { paused: true };

  const leaseSeconds = Math.max(UNFENCED_LEASE_SECONDS, task.timeoutSeconds ?? 0);
  const lease = {
    id: `${UNFENCED}${taskId}:${now}:${task.attempt + 1}`,
    runner: 'single-task consumer',
    leaseSeconds,
    expiresAt: deadline(now, leaseSeconds),
  };
  openLease(sql, lease, [taskId]);
  const [claimed] = leaseTasks(sql, [taskId], lease.id, now);
  return claimed ? { claimed: toWorkRow(claimed), leaseId: lease.id } : { unknown: true };
}

function leaseTasks(sql: Store, ids: readonly string[], leaseId: string, now: number): StoredWork[] {
  const rows = sql.exec<StoredWork>(LEASE_TASKS, JSON.stringify(ids), leaseId, now);
  for (const { type } of rows) sql.tally.move(type, 'ready', 'leased');
  return rows;
}
