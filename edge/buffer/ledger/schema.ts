import type { Sql } from './sql.ts';

/**
 * One row a task, its body last so that the other columns are read without it. Each waiting task stands in
 * one of two partial indexes: what may run now, and what has to wait for its time. `type_retry` is what the
 * task's type set in its latest report, for what the submission left open. While a task is leased
 * `lease_id` names its holder; afterwards it names the lease whose report ended the attempt. A task that is
 * cancelled while it runs keeps its holder until the runner has dropped it: `claimed_at` is set as long as
 * somebody may be running the task, in whatever state it is. `payload` is null where `body_bytes` says that
 * it lies in the submission's record.
 */
const TASKS = `
  CREATE TABLE IF NOT EXISTS tasks (
    id              TEXT PRIMARY KEY,
    type            TEXT NOT NULL,
    state           TEXT NOT NULL,
    priority        INTEGER NOT NULL,
    run_at          INTEGER NOT NULL,
    received_at     INTEGER NOT NULL,
    attempt         INTEGER NOT NULL DEFAULT 0,
    max_attempts    INTEGER,
    backoff         TEXT,
    type_retry      TEXT,
    timeout_seconds REAL,
    tags            TEXT,
    lease_id        TEXT,
    claimed_at      INTEGER,
    completed_at    INTEGER,
    attempts        TEXT NOT NULL DEFAULT '[]',
    error           TEXT,
    result          TEXT,
    body_bytes      INTEGER,
    payload         TEXT
  ) STRICT, WITHOUT ROWID`;

const READY = `
  CREATE INDEX IF NOT EXISTS tasks_ready
  ON tasks (type, priority DESC, run_at, id) WHERE state = 'ready'`;

const SCHEDULED = `
  CREATE INDEX IF NOT EXISTS tasks_scheduled
  ON tasks (run_at, id) WHERE state = 'scheduled' AND claimed_at IS NULL`;

/**
 * One row a claim. It is open until no task is held under it; then it stays for an hour, so that a claim
 * that arrives again finds that its lease has ended.
 */
const LEASES = `
  CREATE TABLE IF NOT EXISTS leases (
    id            TEXT PRIMARY KEY,
    runner        TEXT NOT NULL,
    lease_seconds REAL NOT NULL,
    expires_at    INTEGER NOT NULL,
    ended_at      INTEGER,
    task_ids      TEXT NOT NULL,
    progress      TEXT
  ) STRICT, WITHOUT ROWID`;

const OPEN_LEASES = `
  CREATE INDEX IF NOT EXISTS leases_open
  ON leases (expires_at) WHERE ended_at IS NULL`;

/**
 * Windows (the first eight hex digits of their ids) that are closed: nothing is inserted into them again. The
 * rows that end leave in rounds, one at a time. The latest was opened at `opened_at` and holds the rows that
 * ended by `cutoff`, or by their type's time in `type_cutoffs`, a JSON object; it is open until `purged_at`.
 * `rounds` counts those that are written. `up_to` is the last id of a round that does not cover the whole
 * window, `purged_to` the last that the purge has looked at.
 */
const SEALS = `
  CREATE TABLE IF NOT EXISTS seals (
    window       TEXT PRIMARY KEY,
    sealed_at    INTEGER NOT NULL,
    archived_at  INTEGER,
    purged_at    INTEGER,
    rounds       INTEGER NOT NULL DEFAULT 1,
    opened_at    INTEGER,
    cutoff       INTEGER,
    type_cutoffs TEXT,
    up_to        TEXT,
    purged_to    TEXT
  ) STRICT, WITHOUT ROWID`;

const OPEN_SEALS = `
  CREATE INDEX IF NOT EXISTS seals_open ON seals (sealed_at) WHERE purged_at IS NULL`;

/** Windows in which a task has ended that no archive round took: since when, in Unix milliseconds. */
const ENDED_WINDOWS = `
  CREATE TABLE IF NOT EXISTS ended_windows (window TEXT PRIMARY KEY, since INTEGER NOT NULL) STRICT, WITHOUT ROWID`;

/** One row while the windows of an older ledger are listed: the window up to which that is done. */
const ENDED_WINDOWS_FILL = `
  CREATE TABLE IF NOT EXISTS ended_windows_fill (id INTEGER PRIMARY KEY CHECK (id = 1), window TEXT NOT NULL) STRICT`;

/** Windows and submissions whose archive or sweep failed, until it succeeds. */
const FAILURES = `
  CREATE TABLE IF NOT EXISTS failures (
    step     TEXT NOT NULL,
    name     TEXT NOT NULL,
    failures INTEGER NOT NULL,
    since    INTEGER NOT NULL,
    retry_at INTEGER NOT NULL,
    PRIMARY KEY (step, name)
  ) STRICT, WITHOUT ROWID`;

const IDEMPOTENCY_KEYS = `
  CREATE TABLE IF NOT EXISTS idempotency_keys (
    key         TEXT PRIMARY KEY,
    body_hash   TEXT NOT NULL,
    submission  TEXT NOT NULL,
    reserved_at INTEGER NOT NULL,
    accepted    INTEGER NOT NULL DEFAULT 0
  ) STRICT, WITHOUT ROWID`;

const OPEN_KEYS = `
  CREATE INDEX IF NOT EXISTS idempotency_keys_open ON idempotency_keys (submission) WHERE accepted = 0`;

/** One row: how far the sweep has come. */
const SWEPT = `
  CREATE TABLE IF NOT EXISTS swept (id INTEGER PRIMARY KEY CHECK (id = 1), window TEXT NOT NULL) STRICT`;

/**
 * How many tasks of a type there are in each state, and what has happened to them since the first: written
 * by each call that moves tasks, in the same transaction.
 */
const TYPES = `
  CREATE TABLE IF NOT EXISTS types (
    type            TEXT PRIMARY KEY,
    scheduled       INTEGER NOT NULL,
    ready           INTEGER NOT NULL,
    leased          INTEGER NOT NULL,
    completed       INTEGER NOT NULL,
    failed          INTEGER NOT NULL,
    cancelled       INTEGER NOT NULL,
    completed_total INTEGER NOT NULL,
    failed_total    INTEGER NOT NULL,
    cancelled_total INTEGER NOT NULL,
    retries         INTEGER NOT NULL,
    lease_expiries  INTEGER NOT NULL,
    moved_at        INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`;

/** What ended in a minute, and how long it had waited and run, as histograms. */
const MINUTES = `
  CREATE TABLE IF NOT EXISTS minutes (
    minute    INTEGER PRIMARY KEY,
    completed INTEGER NOT NULL,
    failed    INTEGER NOT NULL,
    waits     TEXT NOT NULL,
    runs      TEXT NOT NULL
  ) STRICT`;

const PAUSED_TYPES = `
  CREATE TABLE IF NOT EXISTS paused_types (type TEXT PRIMARY KEY, paused_at INTEGER NOT NULL) STRICT, WITHOUT ROWID`;

/** What runners told of themselves, and when; 0 once they have gone. */
const RUNNERS = `
  CREATE TABLE IF NOT EXISTS runners (
    name    TEXT PRIMARY KEY,
    about   TEXT NOT NULL,
    seen_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`;

const SELECT_TYPES_TABLE = `SELECT 1 AS there FROM sqlite_master WHERE type = 'table' AND name = 'types'`;

/** Counts what a ledger holds that is older than its counts. */
const COUNT_TASKS = `
  INSERT INTO types
  SELECT type, sum(state = 'scheduled'), sum(state = 'ready'), sum(state = 'leased'), sum(state = 'completed'),
    sum(state = 'failed'), sum(state = 'cancelled'), 0, 0, 0, 0, 0, max(received_at)
  FROM tasks GROUP BY type`;

/** A ledger whose seals have no rounds is older than these. */
const SELECT_OLD_SEALS = `
  SELECT 1 AS old FROM sqlite_master WHERE type = 'table' AND name = 'seals' AND sql NOT LIKE '%rounds%'`;

/**
 * Brings the archive's tables of version 0.1.0 to rounds. Every window that it closed had one round, which took
 * all its rows; those that are written keep their key.
 */
export const UPGRADE_SEALS = [
  'ALTER TABLE seals ADD COLUMN rounds INTEGER NOT NULL DEFAULT 1',
  'ALTER TABLE seals ADD COLUMN opened_at INTEGER',
  'ALTER TABLE seals ADD COLUMN cutoff INTEGER',
  'ALTER TABLE seals ADD COLUMN type_cutoffs TEXT',
  'ALTER TABLE seals ADD COLUMN up_to TEXT',
  'ALTER TABLE seals ADD COLUMN purged_to TEXT',
  'UPDATE seals SET rounds = 0 WHERE purged_at IS NULL AND archived_at IS NULL',
  'UPDATE seals SET opened_at = sealed_at, cutoff = sealed_at WHERE purged_at IS NULL',
  ENDED_WINDOWS,
  ENDED_WINDOWS_FILL,
  "INSERT INTO ended_windows_fill (id, window) VALUES (1, '')",
];

export function createSchema(sql: Sql): void {
  const counted = sql.exec(SELECT_TYPES_TABLE).length > 0;
  if (sql.exec(SELECT_OLD_SEALS).length > 0) for (const statement of UPGRADE_SEALS) sql.exec(statement);
  const statements = [
    TASKS,
    READY,
    SCHEDULED,
    LEASES,
    OPEN_LEASES,
    SEALS,
    OPEN_SEALS,
    ENDED_WINDOWS,
    ENDED_WINDOWS_FILL,
    FAILURES,
    IDEMPOTENCY_KEYS,
    OPEN_KEYS,
    SWEPT,
    TYPES,
    MINUTES,
    PAUSED_TYPES,
    RUNNERS,
  ];
  for (const statement of statements) sql.exec(statement);
  if (!counted) sql.exec(COUNT_TASKS);
}
