import type { RunnerAbout } from '../../contract/buffer.ts';
import { MAX_SHOWN_TASKS } from '../../contract/limits.ts';
import type { RunnerView } from '../../contract/stats.ts';
import { iso } from '../../http/time.ts';
import { CLAIMED } from './leases.ts';
import { parse } from './rows.ts';
import type { Sql } from './sql.ts';

/** A runner describes itself every 30 s; one that has been silent for this long is gone. */
const PRESENT_MS = 75_000;
const FORGET_AFTER_MS = 3_600_000;

/** Above this many, the names that have been silent for the longest time are forgotten. */
const MAX_NAMES = 2000;
const FORGOTTEN_NAMES = 200;

const UPDATE = 'UPDATE runners SET about = ?2, seen_at = ?3 WHERE name = ?1 RETURNING 1';
const INSERT = 'INSERT INTO runners (name, about, seen_at) VALUES (?1, ?2, ?3)';
const COUNT = 'SELECT count(*) AS names FROM runners';
const FORGET_SILENT = `
  DELETE FROM runners WHERE name IN (SELECT name FROM runners ORDER BY seen_at LIMIT ${FORGOTTEN_NAMES})`;

/** A runner has described itself. */
export function noteRunner(sql: Sql, name: string, about: RunnerAbout, now: number): void {
  const values = [name, JSON.stringify(about), now];
  if (sql.exec(UPDATE, ...values).length > 0) return;
  const [count] = sql.exec<{ names: number }>(COUNT);
  if (count && count.names >= MAX_NAMES) sql.exec(FORGET_SILENT);
  sql.exec(INSERT, ...values);
}

const DISMISS = 'UPDATE runners SET seen_at = 0 WHERE name = ?1';

/** A runner has closed its connection: it is shown no longer than it holds tasks, unless it comes back. */
export function dismissRunner(sql: Sql, name: string): void {
  sql.exec(DISMISS, name);
}

const FORGET = 'DELETE FROM runners WHERE seen_at <= ?1';

export function forgetRunners(sql: Sql, now: number): void {
  sql.exec(FORGET, now - FORGET_AFTER_MS);
}

/** A list shows this many runners. */
const MAX_SHOWN_RUNNERS = 1000;

/** A list contains this many characters of descriptions; the runners after them are shown by name. */
const MAX_ABOUT_LENGTH = 2_000_000;

const SELECT_PRESENT = `SELECT name FROM runners WHERE seen_at > ?1 ORDER BY name LIMIT ${MAX_SHOWN_RUNNERS}`;

const SELECT_ABOUT = `
  SELECT name, iif(sum(length(about)) OVER (ORDER BY name) <= ${MAX_ABOUT_LENGTH}, about, NULL) AS about
  FROM runners WHERE name IN (SELECT value FROM json_each(?1))`;

const SELECT_HELD = `
  SELECT claimed.runner, tasks.id AS taskId, tasks.type, tasks.claimed_at AS claimedAt
  FROM ${CLAIMED} CROSS JOIN tasks ON tasks.id = claimed.task_id
  WHERE tasks.lease_id = claimed.lease_id AND tasks.claimed_at IS NOT NULL`;

type Held = { runner: string; taskId: string; type: string; claimedAt: number };

/**
 * The runners that were heard of lately, have a socket open, or hold tasks, by name: 1,000 at most. Looks at the
 * first 5,000 tasks that runners claimed.
 */
export function listRunners(sql: Sql, connected: ReadonlySet<string>, now: number): RunnerView[] {
  const held = Map.groupBy(sql.exec<Held>(SELECT_HELD), (task) => task.runner);
  const present = sql.exec<{ name: string }>(SELECT_PRESENT, now - PRESENT_MS).map((row) => row.name);
  const names = [...new Set([...present, ...connected, ...held.keys()])].sort().slice(0, MAX_SHOWN_RUNNERS);
  const known = new Map(
    sql
      .exec<{ name: string; about: string | null }>(SELECT_ABOUT, JSON.stringify(names))
      .map(({ name, about }) => [name, about]),
  );
  return names.map((name) => {
    const about = known.get(name) ?? null;
    const tasks = held.get(name) ?? [];
    return {
      name,
      ...(about !== null && parse<RunnerAbout>(about)),
      held: tasks.length,
      tasks: tasks
        .sort((a, b) => a.claimedAt - b.claimedAt)
        .slice(0, MAX_SHOWN_TASKS)
        .map(({ taskId, type, claimedAt }) => ({ taskId, type, claimedAt: iso(claimedAt) })),
    };
  });
}
