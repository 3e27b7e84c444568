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

/** Windows (the first eight hex digits of their ids) that are closed: nothing is inserted into them again. */
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
