import type { HeartbeatResult, LeaseBeat } from '../../../contract/ledger/leases.ts';
import type { TaskState } from '../../../contract/task.ts';
import { parse } from '../store/rows.ts';
import type { Sql, SqlValue } from '../store/sql.ts';
import type { Store } from '../store/store.ts';
import { letGo, takeBack } from './take-back.ts';

interface Lease extends Record<string, SqlValue> {
  id: string;
  runner: string;
  lease_seconds: number;
  expires_at: number;
  ended_at: number | null;
  progress: string | null;
}

const SELECT_LEASE =
  'SELECT id, runner, lease_seconds, expires_at, ended_at, progress FROM leases WHERE id = ?1';

export function findLease(sql: Sql, leaseId: string): Lease | undefined {
  return sql.exec<Lease>(SELECT_LEASE, leaseId)[0];
}

/** When a lease expires that is opened or renewed now. */
export function deadline(now: number, leaseSeconds: number): number {
  return now + Math.ceil(leaseSeconds * 1000);
}

/** An id is replaced only if a single claim follows a retry in the same millisecond. Its old lease has ended. */
const OPEN_LEASE = `
  INSERT OR REPLACE INTO leases (id, runner, lease_seconds, expires_at, task_ids) VALUES (?1, ?2, ?3, ?4, ?5)`;

export function openLease(
  sql: Sql,
  lease: { id: string; runner: string; leaseSeconds: number; expiresAt: number },
  taskIds: readonly string[],
): void {
  sql.exec(OPEN_LEASE, lease.id, lease.runner, lease.leaseSeconds, lease.expiresAt, JSON.stringify(taskIds));
}

// CROSS JOIN makes SQLite keep the order of the tables. Otherwise it might scan all tasks.
const SELECT_HELD = `
  SELECT tasks.id, tasks.state
  FROM leases CROSS JOIN json_each(leases.task_ids) AS claimed CROSS JOIN tasks ON tasks.id = claimed.value
  WHERE leases.id = ?1 AND tasks.claimed_at IS NOT NULL AND tasks.lease_id = leases.id`;

/** The tasks that a lease holds now, including cancelled tasks, in the order in which they were claimed. */
export function heldUnder(sql: Sql, leaseId: string): { id: string; state: TaskState }[] {
  return sql.exec<{ id: string; state: TaskState }>(SELECT_HELD, leaseId);
}

/**
 * The tasks that open leases were granted, one row per task, for a FROM clause. Leases also list tasks that have
 * ended, so a limit on the number of held tasks would not limit the cost of a call.
 */
export const CLAIMED = `(
  SELECT leases.id AS lease_id, leases.runner, claimed.value AS task_id
  FROM leases CROSS JOIN json_each(leases.task_ids) AS claimed
  WHERE leases.ended_at IS NULL ORDER BY leases.expires_at LIMIT 5000) AS claimed`;

const END_IF_EMPTY = `
  UPDATE leases SET ended_at = ?2, task_ids = '[]', progress = NULL
  WHERE id = ?1 AND ended_at IS NULL AND NOT EXISTS (
    SELECT 1 FROM json_each(leases.task_ids) AS claimed CROSS JOIN tasks ON tasks.id = claimed.value
    WHERE tasks.claimed_at IS NOT NULL AND tasks.lease_id = leases.id)`;

/** Ends a lease if it no longer holds a task. */
export function endIfEmpty(sql: Sql, leaseId: string, now: number): void {
  sql.exec(END_IF_EMPTY, leaseId, now);
}

/** How many tasks one call takes back from expired leases. The alarm continues with the rest. */
const TAKE_BACK_LIMIT = 100;

const SELECT_EXPIRED = `
  SELECT id FROM leases WHERE ended_at IS NULL AND expires_at <= ?1 ORDER BY expires_at LIMIT 1`;

/** Takes back the tasks of expired leases, in the order of expiry. */
export function takeBackExpired(sql: Store, now: number, random: () => number): void {
  for (let left = TAKE_BACK_LIMIT; left > 0; ) {
    const [lease] = sql.exec<{ id: string }>(SELECT_EXPIRED, now);
    if (!lease) return;
    const held = heldUnder(sql, lease.id).slice(0, left);
    left -= Math.max(1, held.length);
    takeBack(
      sql,
      held.map((task) => task.id),
      'The runner did not renew its lease in time',
      now,
      random,
    );
    endIfEmpty(sql, lease.id, now);
  }
}

const NEXT_EXPIRY = 'SELECT min(expires_at) AS at FROM leases WHERE ended_at IS NULL';

/** When the next lease expires. */
export function nextExpiry(sql: Sql): number | null {
  return sql.exec<{ at: number | null }>(NEXT_EXPIRY)[0]?.at ?? null;
}

const EXTEND = 'UPDATE leases SET expires_at = max(expires_at, ?2), progress = ?3 WHERE id = ?1';

/** Renews leases, and immediately takes back tasks that a runner no longer lists. */
export function heartbeat(
  sql: Store,
  beats: readonly LeaseBeat[],
  now: number,
  random: () => number,
): HeartbeatResult {
  const answer: HeartbeatResult = { extended: [], lost: [], cancelled: [] };
  for (const beat of beats) {
    const lease = findLease(sql, beat.leaseId);
    const held = lease ? heldUnder(sql, lease.id) : [];
    if (beat.started && held.length > 0) markStarted(sql, beat.leaseId, beat.started, now);
    const named = new Set(beat.holds);
    const stillHeld = held.filter((task) => named.has(task.id));
    const kept = new Set(stillHeld.map((task) => task.id));
    answer.cancelled.push(...stillHeld.filter(({ state }) => state !== 'leased').map(({ id }) => id));
    const dropped = held.flatMap(({ id }) => (named.has(id) ? [] : id));
    takeBack(sql, dropped, 'The runner no longer holds the task', now, random);
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

const MARK_STARTED = `
  UPDATE tasks SET attempt = attempt + 1, started_at = ?3, lost_deliveries = NULL
  WHERE id IN (SELECT value FROM json_each(?1)) AND lease_id = ?2 AND state = 'leased' AND started_at IS NULL`;

/** Marks tasks that were read ahead as started. Each uses an attempt. */
function markStarted(sql: Sql, leaseId: string, ids: readonly string[], now: number): void {
  if (ids.length > 0) sql.exec(MARK_STARTED, JSON.stringify(ids), leaseId, now);
}

const SELECT_SETTLED = `
  SELECT id FROM tasks WHERE id IN (SELECT value FROM json_each(?1)) AND lease_id = ?2`;

/**
 * The listed tasks that the lease neither holds nor has settled. A settled task was reported, so it is not lost.
 */
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

const SELECT_HOLDER = `SELECT lease_id AS leaseId FROM tasks WHERE id = ?1 AND state = 'leased'`;

/** The latest progress of a running task, as JSON text. */
export function progressOf(sql: Sql, taskId: string): string | null {
  const leaseId = sql.exec<{ leaseId: string | null }>(SELECT_HOLDER, taskId)[0]?.leaseId ?? null;
  return leaseId === null ? null : (progressesOf(sql, leaseId, [taskId]).get(taskId) ?? null);
}

/** The progress of tasks of one lease as JSON text, by task id. Reads the lease once, up to 1,000 tasks. */
export function progressesOf(sql: Sql, leaseId: string, taskIds: readonly string[]): Map<string, string> {
  const stored = findLease(sql, leaseId)?.progress ?? null;
  const progress = stored === null ? {} : parse<Record<string, unknown>>(stored);
  const found = new Map<string, string>();
  for (const id of taskIds) if (id in progress) found.set(id, JSON.stringify(progress[id]));
  return found;
}

const GIVE_BACK = `
  UPDATE tasks SET
    state = iif(?3 IS NULL, 'ready', 'scheduled'), run_at = coalesce(?3, run_at),
    lease_id = NULL, claimed_at = NULL, started_at = NULL, attempt = attempt - (started_at IS NOT NULL)
  WHERE id IN (SELECT value FROM json_each(?1)) AND state = 'leased' AND lease_id = ?2
  RETURNING id, type, state`;

const DROPPED = `
  SELECT id FROM tasks
  WHERE id IN (SELECT value FROM json_each(?1)) AND lease_id = ?2 AND claimed_at IS NOT NULL`;

/**
 * Gives back tasks that have not started. They use no attempt, and are ready again at once, or after `delayMs` if
 * it is not 0.
 */
export function release(
  sql: Store,
  leaseId: string,
  taskIds: readonly string[],
  delayMs: number,
  now: number,
): string[] {
  const ids = JSON.stringify(taskIds);
  const runAt = delayMs === 0 ? null : now + delayMs;
  const released = sql.exec<{ id: string; type: string; state: TaskState }>(GIVE_BACK, ids, leaseId, runAt);
  for (const { type, state } of released) sql.counters.move(type, 'leased', state);
  const dropped = sql.exec<{ id: string }>(DROPPED, ids, leaseId).map((row) => row.id);
  letGo(sql, dropped);
  endIfEmpty(sql, leaseId, now);
  return [...released.map((row) => row.id), ...dropped];
}

const USE_UP = `
  INSERT INTO leases (id, runner, lease_seconds, expires_at, ended_at, task_ids) VALUES (?1, '', 0, ?2, ?2, '[]')
  ON CONFLICT (id) DO NOTHING`;

/** Gives back all tasks of a lease. Its id cannot be used again: a claim that arrives later gets no tasks. */
export function releaseLease(sql: Store, leaseId: string, now: number): string[] {
  const held = heldUnder(sql, leaseId).map(({ id }) => id);
  sql.exec(USE_UP, leaseId, now);
  return release(sql, leaseId, held, 0, now);
}
