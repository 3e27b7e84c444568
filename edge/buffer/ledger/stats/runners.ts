import type { RunnerAbout } from '../../../contract/buffer.ts';
import { MAX_SHOWN_TASKS } from '../../../contract/limits.ts';
import type { RunnerView } from '../../../contract/stats.ts';
import { iso } from '../../../contract/time.ts';
import { parse } from '../store/rows.ts';
import type { Sql } from '../store/sql.ts';
import { CLAIMED } from '../tasks/leases.ts';

/** A runner describes itself every 30 s. A runner that has been silent for this long is gone. */
const PRESENT_MS = 75_000;
const FORGET_AFTER_MS = 3_600_000;

/** How many runners are stored, and the total size of their descriptions. */
const MAX_NAMES = 2000;
const MAX_ABOUT_BYTES = 1_000_000;

/** If there is no space, this many names and bytes are freed, so that the next runners find space. */
const FREED_NAMES = 200;
const FREED_BYTES = 100_000;

const SEE = 'UPDATE runners SET seen_at = ?3 WHERE name = ?1 AND about = ?2 RETURNING 1';
const WRITE = 'INSERT OR REPLACE INTO runners (name, about, seen_at) VALUES (?1, ?2, ?3)';

/**
 * Stores a runner's description. If there is no space, runners that are not connected are deleted, beginning with
 * those that have been silent for longest. If that is not enough, the runner's types are not stored.
 */
export function noteRunner(
  sql: Sql,
  name: string,
  about: RunnerAbout,
  now: number,
  isConnected: (runner: string) => boolean,
): void {
  const text = JSON.stringify(about);
  if (sql.exec(SEE, name, text, now).length > 0) return;
  const { types: _, ...rest } = about;
  const fits = freeSpace(sql, name, text.length, isConnected);
  sql.exec(WRITE, name, fits ? text : JSON.stringify(rest), now);
}

const SELECT_SIZES =
  'SELECT name, octet_length(about) AS bytes FROM runners WHERE name <> ?1 ORDER BY seen_at';
const FORGET_NAMES = 'DELETE FROM runners WHERE name IN (SELECT value FROM json_each(?1))';

/** @returns whether there is space for `bytes` more bytes. */
function freeSpace(sql: Sql, name: string, bytes: number, isConnected: (runner: string) => boolean): boolean {
  const others = sql.exec<{ name: string; bytes: number }>(SELECT_SIZES, name);
  let names = others.length + 1;
  let total = others.reduce((sum, other) => sum + other.bytes, bytes);
  if (names <= MAX_NAMES && total <= MAX_ABOUT_BYTES) return true;
  const forgotten: string[] = [];
  for (const other of others) {
    if (names <= MAX_NAMES - FREED_NAMES && total <= MAX_ABOUT_BYTES - FREED_BYTES) break;
    if (isConnected(other.name)) continue;
    forgotten.push(other.name);
    names -= 1;
    total -= other.bytes;
  }
  sql.exec(FORGET_NAMES, JSON.stringify(forgotten));
  return total <= MAX_ABOUT_BYTES;
}

const DISMISS = 'UPDATE runners SET seen_at = 0 WHERE name = ?1';

/** Records that a runner has disconnected. It is shown only as long as it holds tasks, unless it returns. */
export function dismissRunner(sql: Sql, name: string): void {
  sql.exec(DISMISS, name);
}

const RECALL = 'UPDATE runners SET seen_at = ?2 WHERE name = ?1 AND seen_at = 0';

/** Records that a dismissed runner is still present. */
export function recallRunner(sql: Sql, name: string, now: number): void {
  sql.exec(RECALL, name, now);
}

const FORGET = 'DELETE FROM runners WHERE seen_at <= ?1';

export function forgetRunners(sql: Sql, now: number): void {
  sql.exec(FORGET, now - FORGET_AFTER_MS);
}

/** Maximum number of runners in a list. */
const MAX_SHOWN_RUNNERS = 1000;

const SELECT_PRESENT = `SELECT name FROM runners WHERE seen_at > ?1 ORDER BY name LIMIT ${MAX_SHOWN_RUNNERS}`;

const SELECT_ABOUT = 'SELECT name, about FROM runners WHERE name IN (SELECT value FROM json_each(?1))';

const SELECT_HELD = `
  SELECT claimed.runner, tasks.id AS taskId, tasks.type, tasks.claimed_at AS claimedAt
  FROM ${CLAIMED} CROSS JOIN tasks ON tasks.id = claimed.task_id
  WHERE tasks.lease_id = claimed.lease_id AND tasks.claimed_at IS NOT NULL`;

type Held = { runner: string; taskId: string; type: string; claimedAt: number };

/**
 * The runners that were seen recently, have an open socket, or hold tasks; sorted by name, 1,000 at most. Reads
 * the first 5,000 tasks that runners claimed.
 */
export function listRunners(sql: Sql, connected: ReadonlySet<string>, now: number): RunnerView[] {
  const held = Map.groupBy(sql.exec<Held>(SELECT_HELD), (task) => task.runner);
  const present = sql.exec<{ name: string }>(SELECT_PRESENT, now - PRESENT_MS).map((row) => row.name);
  const names = [...new Set([...present, ...connected, ...held.keys()])].sort().slice(0, MAX_SHOWN_RUNNERS);
  const known = new Map(
    sql
      .exec<{ name: string; about: string }>(SELECT_ABOUT, JSON.stringify(names))
      .map(({ name, about }) => [name, about]),
  );
  return names.map((name) => {
    const about = known.get(name);
    const tasks = held.get(name) ?? [];
    return {
      name,
      ...(about !== undefined && parse<Partial<RunnerAbout>>(about)),
      held: tasks.length,
      tasks: tasks
        .sort((a, b) => a.claimedAt - b.claimedAt)
        .slice(0, MAX_SHOWN_TASKS)
        .map(({ taskId, type, claimedAt }) => ({ taskId, type, claimedAt: iso(claimedAt) })),
    };
  });
}
