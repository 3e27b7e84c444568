import type { RunnerAbout } from '../../contract/buffer.ts';
import { MAX_SHOWN_TASKS } from '../../contract/limits.ts';
import type { RunnerView } from '../../contract/stats.ts';
import { iso } from '../../http/time.ts';
import { parse } from './rows.ts';
import type { Sql, SqlValue } from './sql.ts';

/** A runner tells of itself every 30 s; one that has been silent for this long is gone. */
const PRESENT_MS = 75_000;
const FORGET_AFTER_MS = 3_600_000;

const NOTE = `
  INSERT INTO runners (name, about, seen_at) VALUES (?1, ?2, ?3)
  ON CONFLICT (name) DO UPDATE SET about = excluded.about, seen_at = excluded.seen_at`;

/** A runner has told what it is. */
export function noteRunner(sql: Sql, name: string, about: RunnerAbout, now: number): void {
  sql.exec(NOTE, name, JSON.stringify(about), now);
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

interface StoredRunner extends Record<string, SqlValue> {
  name: string;
  about: string;
  seen_at: number;
}

const SELECT_RUNNERS = 'SELECT name, about, seen_at FROM runners';

/** More held tasks than these are not looked at. */
const MAX_LOOKED_AT = 5000;

const SELECT_HELD = `
  SELECT leases.runner, tasks.id AS taskId, tasks.type, tasks.claimed_at AS claimedAt
  FROM leases CROSS JOIN json_each(leases.task_ids) AS claimed CROSS JOIN tasks ON tasks.id = claimed.value
  WHERE leases.ended_at IS NULL AND tasks.lease_id = leases.id AND tasks.claimed_at IS NOT NULL
  LIMIT ${MAX_LOOKED_AT}`;

type Held = { runner: string; taskId: string; type: string; claimedAt: number };

/** The runners that have been heard of lately, have a socket open, or hold tasks, by name. */
export function listRunners(sql: Sql, connected: ReadonlySet<string>, now: number): RunnerView[] {
  const held = Map.groupBy(sql.exec<Held>(SELECT_HELD), (task) => task.runner);
  const known = new Map(sql.exec<StoredRunner>(SELECT_RUNNERS).map((row) => [row.name, row]));
  const present = [...known.values()].filter((row) => row.seen_at > now - PRESENT_MS).map((row) => row.name);
  const names = new Set([...present, ...connected, ...held.keys()]);
  return [...names].sort().map((name) => {
    const about = known.get(name)?.about;
    const tasks = held.get(name) ?? [];
    return {
      name,
      ...(about !== undefined && parse<RunnerAbout>(about)),
      held: tasks.length,
      tasks: tasks
        .sort((a, b) => a.claimedAt - b.claimedAt)
        .slice(0, MAX_SHOWN_TASKS)
        .map(({ taskId, type, claimedAt }) => ({ taskId, type, claimedAt: iso(claimedAt) })),
    };
  });
}
