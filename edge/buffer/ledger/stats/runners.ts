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
const WRITE = `
  INSERT INTO runners (name, about, seen_at, known_at) VALUES (?1, ?2, ?3, ?3)
  ON CONFLICT (name) DO UPDATE SET about = excluded.about, seen_at = excluded.seen_at`;

/**
 * Stores a runner's description. If there is no space, runners that are not connected are deleted: first those that
 * are gone, then those that are known for the shortest time, so that invented names do not replace real ones. If
 * that is not enough, the runner's types are not stored.
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
  const fits = freeSpace(sql, name, text.length, now, isConnected);
  sql.exec(WRITE, name, fits ? text : JSON.stringify(rest), now);
}

const SELECT_SIZES = `
  SELECT name, octet_length(about) AS bytes FROM runners WHERE name <> ?1
  ORDER BY seen_at > ?2, CASE WHEN seen_at > ?2 THEN -known_at ELSE seen_at END`;
const FORGET_NAMES = 'DELETE FROM runners WHERE name IN (SELECT value FROM json_each(?1))';

/** @returns whether there is space for `bytes` more bytes. */
function freeSpace(
  sql: Sql,
  name: string,
  bytes: number,
  now: number,
  isConnected: (runner: string) => boolean,
): boolean {
  const others = sql.exec<{ name: string; bytes: number }>(SELECT_SIZES, name, now - PRESENT_MS);
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

const SELECT_PRESENT = `
  SELECT name, about, known_at AS knownAt FROM runners
  WHERE seen_at > ?1 OR name IN (SELECT value FROM json_each(?2))`;

const SELECT_HELD = `
  SELECT claimed.runner, tasks.id AS taskId, tasks.type, tasks.claimed_at AS claimedAt
  FROM ${CLAIMED} CROSS JOIN tasks ON tasks.id = claimed.task_id
  WHERE tasks.lease_id = claimed.lease_id AND tasks.claimed_at IS NOT NULL`;

type Held = { runner: string; taskId: string; type: string; claimedAt: number };

type Described = { name: string; about: string; knownAt: number };

/** The runners that are connected or hold tasks. */
export interface PresentRunners {
  /** 1,000 at most, sorted by name. */
  readonly runners: RunnerView[];
  /** The types that any of them takes or holds a task of, including those that are not in the list. */
  readonly handled: ReadonlySet<string>;
}

/**
 * The runners that were seen recently, have an open socket, or hold tasks. If there are more than 1,000, the list
 * has those with an open socket first, then those that hold tasks, then those that are known for longest. Reads
 * the first 5,000 tasks that runners claimed, and descriptions of about 1 MB.
 */
export function presentRunners(sql: Sql, connected: ReadonlySet<string>, now: number): PresentRunners {
  const held = Map.groupBy(sql.exec<Held>(SELECT_HELD), (task) => task.runner);
  const described = new Map(
    sql
      .exec<Described>(SELECT_PRESENT, now - PRESENT_MS, JSON.stringify([...connected, ...held.keys()]))
      .map(({ name, about, knownAt }) => [name, { about: parse<Partial<RunnerAbout>>(about), knownAt }]),
  );
  const rankOf = (name: string) => (connected.has(name) ? 0 : held.has(name) ? 1 : 2);
  const knownAt = (name: string) => described.get(name)?.knownAt ?? now;
  const names = [...new Set([...described.keys(), ...connected, ...held.keys()])]
    .sort((a, b) => rankOf(a) - rankOf(b) || knownAt(a) - knownAt(b))
    .slice(0, MAX_SHOWN_RUNNERS)
    .sort();
  return {
    runners: names.map((name) => viewOf(name, described.get(name)?.about, held.get(name) ?? [])),
    handled: new Set([
      ...[...described.values()].flatMap(({ about: { types = [] } }) => types),
      ...[...held.values()].flatMap((tasks) => tasks.map(({ type }) => type)),
    ]),
  };
}

function viewOf(name: string, about: Partial<RunnerAbout> | undefined, tasks: Held[]): RunnerView {
  return {
    name,
    ...about,
    held: tasks.length,
    tasks: tasks
      .sort((a, b) => a.claimedAt - b.claimedAt)
      .slice(0, MAX_SHOWN_TASKS)
      .map(({ taskId, type, claimedAt }) => ({ taskId, type, claimedAt: iso(claimedAt) })),
  };
}
