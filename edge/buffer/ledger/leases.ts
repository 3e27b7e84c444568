import type { HeartbeatResult, LeaseBeat } from '../../contract/ledger.ts';
import { parse } from './rows.ts';
import type { Sql, SqlValue } from './sql.ts';
import { fail, HELD_COLUMNS, type HeldTask, writeTransitions } from './transitions.ts';

/** How long an ended lease is remembered. */
const TOMBSTONE_MS = 3_600_000;

interface Lease extends Record<string, SqlValue> {
  id: string;
  lease_seconds: number;
  expires_at: number;
  ended_at: number | null;
  progress: string | null;
}

const SELECT_LEASE = 'SELECT id, lease_seconds, expires_at, ended_at, progress FROM leases WHERE id = ?1';

export function findLease(sql: Sql, leaseId: string): Lease | undefined {
  return sql.exec<Lease>(SELECT_LEASE, leaseId)[0];
}

/** When a lease that is taken or renewed now expires. */
export function deadline(now: number, leaseSeconds: number): number {
  return now + Math.ceil(leaseSeconds * 1000);
}

const OPEN_LEASE = `
  INSERT INTO leases (id, runner, lease_seconds, expires_at, task_ids) VALUES (?1, ?2, ?3, ?4, ?5)`;

export function openLease(
  sql: Sql,
  lease: { id: string; runner: string; leaseSeconds: number; expiresAt: number },
  taskIds: readonly string[],
): void {
  sql.exec(OPEN_LEASE, lease.id, lease.runner, lease.leaseSeconds, lease.expiresAt, JSON.stringify(taskIds));
}

// CROSS JOIN keeps SQLite to the order of the tables: it might scan all tasks otherwise.
const SELECT_HELD = `
  SELECT ${HELD_COLUMNS}
  FROM leases CROSS JOIN json_each(leases.task_ids) AS claimed CROSS JOIN tasks ON tasks.id = claimed.value
  WHERE leases.id = ?1 AND tasks.state = 'leased' AND tasks.lease_id = leases.id`;

/** The tasks that a lease holds now, in the order in which they were claimed. */
export function heldUnder(sql: Sql, leaseId: string): HeldTask[] {
  return sql.exec<HeldTask>(SELECT_HELD, leaseId);
}

const END_IF_EMPTY = `
  UPDATE leases SET ended_at = ?2, task_ids = '[]', progress = NULL
  WHERE id = ?1 AND ended_at IS NULL AND NOT EXISTS (
    SELECT 1 FROM json_each(leases.task_ids) AS claimed CROSS JOIN tasks ON tasks.id = claimed.value
    WHERE tasks.state = 'leased' AND tasks.lease_id = leases.id)`;

/** Ends a lease that holds nothing any more. */
export function endIfEmpty(sql: Sql, leaseId: string, now: number): void {
  sql.exec(END_IF_EMPTY, leaseId, now);
}

function takeBack(sql: Sql, tasks: readonly HeldTask[], message: string, now: number, random: () => number) {
  writeTransitions(
    sql,
    tasks.map((task) => ({
      ...fail(task, { code: 'lease_expired', message }, undefined, now, random()),
      leaseId: null,
    })),
  );
}

const SELECT_EXPIRED = 'SELECT id FROM leases WHERE ended_at IS NULL AND expires_at <= ?1';

/** Takes back what expired leases hold; the attempts are spent. */
export function takeBackExpired(sql: Sql, now: number, random: () => number): void {
  for (const { id } of sql.exec<{ id: string }>(SELECT_EXPIRED, now)) {
    takeBack(sql, heldUnder(sql, id), 'The runner did not renew its lease in time', now, random);
    endIfEmpty(sql, id, now);
  }
}

const NEXT_EXPIRY = 'SELECT min(expires_at) AS at FROM leases WHERE ended_at IS NULL';

/** When the next lease expires. */
export function nextExpiry(sql: Sql): number | null {
  return sql.exec<{ at: number | null }>(NEXT_EXPIRY)[0]?.at ?? null;
}

const DELETE_TOMBSTONES = 'DELETE FROM leases WHERE ended_at <= ?1';

/** Forgets leases that ended an hour ago. */
export function forgetEnded(sql: Sql, now: number): void {
  sql.exec(DELETE_TOMBSTONES, now - TOMBSTONE_MS);
}

const EXTEND = 'UPDATE leases SET expires_at = max(expires_at, ?2), progress = ?3 WHERE id = ?1';

/** Renews leases, and takes back at once what a runner does not name any more. */
export function heartbeat(
  sql: Sql,
  beats: readonly LeaseBeat[],
  now: number,
  random: () => number,
): HeartbeatResult {
  const answer: HeartbeatResult = { extended: [], lost: [], cancelled: [] };
  for (const beat of beats) {
    const lease = findLease(sql, beat.leaseId);
    const held = lease ? heldUnder(sql, lease.id) : [];
    const named = new Set(beat.holds);
    const kept = new Set(held.map((task) => task.id).filter((id) => named.has(id)));
    const dropped = held.filter((task) => !named.has(task.id));
    takeBack(sql, dropped, 'The runner does not hold the task any more', now, random);
    answer.lost.push(...lostOf(sql, beat, kept));
    if (!lease || lease.ended_at !== null) continue;
    if (kept.size === 0) {
      endIfEmpty(sql, lease.id, now);
      continue;
    }
    const expiresAt = Math.max(lease.expires_at, deadline(now, lease.lease_seconds));
    sql.exec(EXTEND, lease.id, expiresAt, mergeProgress(lease.progress, beat, kept));
    answer.extended.push({ leaseId: lease.id, expiresAt });
  }
  return answer;
}

const SELECT_SETTLED = `
  SELECT id FROM tasks WHERE id IN (SELECT value FROM json_each(?1)) AND lease_id = ?2`;

/** What is named but neither held nor settled under the lease: a settled task was reported, not lost. */
function lostOf(sql: Sql, beat: LeaseBeat, kept: ReadonlySet<string>): string[] {
  const missing = beat.holds.filter((id) => !kept.has(id));
  if (missing.length === 0) return [];
  const settled = new Set(
    sql.exec<{ id: string }>(SELECT_SETTLED, JSON.stringify(missing), beat.leaseId).map((row) => row.id),
  );
  return missing.filter((id) => !settled.has(id));
}

function mergeProgress(stored: string | null, beat: LeaseBeat, kept: ReadonlySet<string>): string | null {
  if (stored === null && !beat.progress?.length) return null;
  const progress = stored === null ? {} : parse<Record<string, unknown>>(stored);
  for (const { taskId, value } of beat.progress ?? []) progress[taskId] = parse(value);
  const current = Object.entries(progress).filter(([id]) => kept.has(id));
  return current.length === 0 ? null : JSON.stringify(Object.fromEntries(current));
}

const SELECT_PROGRESS = `
  SELECT leases.progress FROM tasks JOIN leases ON leases.id = tasks.lease_id
  WHERE tasks.id = ?1 AND tasks.state = 'leased'`;

/** What a running task last said of its progress, as JSON text. */
export function progressOf(sql: Sql, taskId: string): string | null {
  const stored = sql.exec<{ progress: string | null }>(SELECT_PROGRESS, taskId)[0]?.progress ?? null;
  if (stored === null) return null;
  const value = parse<Record<string, unknown>>(stored)[taskId];
  return value === undefined ? null : JSON.stringify(value);
}

const GIVE_BACK = `
  UPDATE tasks SET state = 'ready', lease_id = NULL, claimed_at = NULL, attempt = attempt - 1
  WHERE id IN (SELECT value FROM json_each(?1)) AND state = 'leased' AND lease_id = ?2
  RETURNING id`;

/** Gives tasks back that have not started: they are ready again, and the attempt is not spent. */
export function release(sql: Sql, leaseId: string, taskIds: readonly string[], now: number): string[] {
  const released = sql.exec<{ id: string }>(GIVE_BACK, JSON.stringify(taskIds), leaseId);
  endIfEmpty(sql, leaseId, now);
  return released.map((row) => row.id);
}
