/**
 * One row per task. The payload is the last column, so that the other columns are read without it. Each waiting
 * task is in one of two partial indexes: tasks that may run now, and tasks that wait for their time.
 * `type_retry` has the settings of the task's type from its latest report, for settings that the submission left
 * open. While a task is leased, `lease_id` is the lease that holds it. Afterwards it is the lease whose report
 * ended the attempt. A task that is cancelled while it runs keeps its lease until the runner has dropped the
 * task. `claimed_at` is set as long as a runner may be running the task, regardless of the state. `payload` is
 * null if it is stored in the submission's record. Then `body_bytes` is its size.
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
 * One row per claim. A lease is open while it holds a task. Then its row stays for an hour, so that a repeated
 * claim finds that its lease has ended.
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

/** Closed windows (the first eight hex digits of their ids). Nothing is inserted into them. */
const SEALS = `
  CREATE TABLE IF NOT EXISTS seals (
    window      TEXT PRIMARY KEY,
    sealed_at   INTEGER NOT NULL,
    archived_at INTEGER,
    purged_at   INTEGER
  ) STRICT, WITHOUT ROWID`;

const OPEN_SEALS = `
  CREATE INDEX IF NOT EXISTS seals_open ON seals (sealed_at) WHERE purged_at IS NULL`;

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

/** One row: the last window that the sweep has completed. */
const SWEPT = `
  CREATE TABLE IF NOT EXISTS swept (id INTEGER PRIMARY KEY CHECK (id = 1), window TEXT NOT NULL) STRICT`;

/**
 * The number of tasks of each type in each state, and the totals since the first task of the type. Each call that
 * changes tasks also writes these counts, in the same transaction.
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

/** The number of tasks that ended in a minute, and histograms of how long they waited and ran. */
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

/** The descriptions that runners sent, and when; `seen_at` is 0 for a runner that is gone. */
const RUNNERS = `
  CREATE TABLE IF NOT EXISTS runners (
    name    TEXT PRIMARY KEY,
    about   TEXT NOT NULL,
    seen_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`;

/** The schema of 0.1.0. Later versions change it by {@link file://./migrations.ts}. */
export const FIRST_SCHEMA: readonly string[] = [
  TASKS,
  READY,
  SCHEDULED,
  LEASES,
  OPEN_LEASES,
  SEALS,
  OPEN_SEALS,
  IDEMPOTENCY_KEYS,
  OPEN_KEYS,
  SWEPT,
  TYPES,
  MINUTES,
  PAUSED_TYPES,
  RUNNERS,
];
