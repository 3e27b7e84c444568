import { listEndedWindows } from '../archive/ended-windows.ts';
import { FIRST_SCHEMA } from './schema.ts';
import type { Sql } from './sql.ts';

/** One step from a version of the schema to the next. */
interface Migration {
  /**
   * Runs when the ledger starts, in one transaction with the write of the new version. Must not read all tasks.
   */
  readonly statements: readonly string[];
  /**
   * The changes of the step to many rows, one portion per call. Gets the end of the previous portion, an empty
   * text at first. Returns the end of this portion, or null after the last. It continues while later steps that
   * have none are taken.
   */
  readonly backfill?: (sql: Sql, after: string) => string | null;
}

/**
 * A task that was read ahead has no `started_at`. It uses an attempt when it starts. `lost_deliveries` counts the
 * consecutive leases that lost the task before it started. Larger payloads of one insert are stored together in a
 * pack, because a row of more than about 1,000 bytes would take another page of 4 KB. `pack_at` is the payload's
 * first byte in the pack, and `body_bytes` is its length. Tasks that run during the upgrade have started.
 */
const STARTS_AND_PACKS: Migration = {
  statements: [
    'ALTER TABLE tasks ADD COLUMN started_at INTEGER',
    'ALTER TABLE tasks ADD COLUMN lost_deliveries INTEGER',
    'ALTER TABLE tasks ADD COLUMN pack INTEGER',
    'ALTER TABLE tasks ADD COLUMN pack_at INTEGER',
    `UPDATE tasks SET started_at = claimed_at
     WHERE claimed_at IS NOT NULL AND id IN (
       SELECT claimed.value FROM leases CROSS JOIN json_each(leases.task_ids) AS claimed
       WHERE leases.ended_at IS NULL)`,
    'CREATE TABLE packs (id INTEGER PRIMARY KEY, tasks INTEGER NOT NULL, data BLOB NOT NULL) STRICT',
  ],
};

/**
 * A window can be closed while tasks of it are alive. Its ended rows leave in rounds, one round at a time. The
 * latest round was opened at `opened_at` and is open until `purged_at`. It contains the rows that ended by
 * `cutoff`, or by the time of their type in `type_cutoffs`, a JSON object. `rounds` counts the written rounds.
 * `up_to` is the last id of a round that does not cover the whole window. `purged_to` is the last id that the
 * purge has scanned. Every window that 0.1.0 closed had one round, which took all its rows. Written rounds keep
 * their key.
 *
 * `ended_windows` lists the windows that have an ended task which no round has taken, and since when. `failures`
 * lists windows and submissions whose archive or sweep failed, until it succeeds.
 */
const ARCHIVE_ROUNDS: Migration = {
  statements: [
    'ALTER TABLE seals ADD COLUMN rounds INTEGER NOT NULL DEFAULT 1',
    'ALTER TABLE seals ADD COLUMN opened_at INTEGER',
    'ALTER TABLE seals ADD COLUMN cutoff INTEGER',
    'ALTER TABLE seals ADD COLUMN type_cutoffs TEXT',
    'ALTER TABLE seals ADD COLUMN up_to TEXT',
    'ALTER TABLE seals ADD COLUMN purged_to TEXT',
    'UPDATE seals SET rounds = 0 WHERE purged_at IS NULL AND archived_at IS NULL',
    'UPDATE seals SET opened_at = sealed_at, cutoff = sealed_at WHERE purged_at IS NULL',
    'CREATE TABLE ended_windows (window TEXT PRIMARY KEY, since INTEGER NOT NULL) STRICT, WITHOUT ROWID',
    `CREATE TABLE failures (
       step     TEXT NOT NULL,
       name     TEXT NOT NULL,
       failures INTEGER NOT NULL,
       since    INTEGER NOT NULL,
       retry_at INTEGER NOT NULL,
       PRIMARY KEY (step, name)
     ) STRICT, WITHOUT ROWID`,
  ],
  backfill: listEndedWindows,
};

/**
 * One row for each schedule. `next_at` is the first planned time that was not handled. `due_at` is when the ledger
 * handles it: later than `next_at` if the schedule has several planned times to run, so that the others get their
 * turn; null if none is left. `anchor_at` is where intervals are counted from. `last_at` is the planned time of the
 * last run, and `last_run_at` when it was inserted. `queue` lists the planned times that wait for the end of the
 * last run. `caught_up` counts the missed planned times that have run in a row. A task of a schedule has the
 * schedule's name and its planned time in `tasks.schedule`; it is in no record, so the archive keeps its payload.
 * Payloads are in a separate table, because the row of a schedule is written at each planned time.
 */
const SCHEDULES: Migration = {
  statements: [
    `CREATE TABLE schedules (
       name            TEXT PRIMARY KEY,
       settings        TEXT NOT NULL,
       created_at      INTEGER NOT NULL,
       anchor_at       INTEGER NOT NULL,
       next_at         INTEGER,
       due_at          INTEGER,
       paused_at       INTEGER,
       last_at         INTEGER,
       last_run_at     INTEGER,
       last_task_id    TEXT,
       last_skipped_at INTEGER,
       queue           TEXT,
       caught_up       INTEGER NOT NULL DEFAULT 0,
       fault           TEXT
     ) STRICT, WITHOUT ROWID`,
    'CREATE TABLE schedule_payloads (name TEXT PRIMARY KEY, payload TEXT NOT NULL) STRICT',
    `CREATE INDEX schedules_due ON schedules (due_at, name) WHERE due_at IS NOT NULL AND paused_at IS NULL`,
    'ALTER TABLE tasks ADD COLUMN schedule TEXT',
  ],
};

/** When a runner described itself for the first time, in Unix milliseconds; 0 if it did so before the upgrade. */
const KNOWN_RUNNERS: Migration = {
  statements: ['ALTER TABLE runners ADD COLUMN known_at INTEGER NOT NULL DEFAULT 0'],
};

/** The step at index n leads from version n to version n + 1. A released step never changes. */
const MIGRATIONS: readonly Migration[] = [
  { statements: FIRST_SCHEMA },
  STARTS_AND_PACKS,
  ARCHIVE_ROUNDS,
  SCHEDULES,
  KNOWN_RUNNERS,
];

export const SCHEMA_VERSION = MIGRATIONS.length;

/** One row: the version of the schema, and where the latest backfill continues; null after its end. */
const CREATE_VERSION = `
  CREATE TABLE IF NOT EXISTS schema_version (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    version  INTEGER NOT NULL,
    backfill TEXT
  ) STRICT`;

interface Version {
  version: number;
  backfill: string | null;
}

const SELECT_VERSION = 'SELECT version, backfill FROM schema_version';
const WRITE_VERSION = 'INSERT OR REPLACE INTO schema_version (id, version, backfill) VALUES (1, ?1, ?2)';
const HAS_TASKS = `SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'tasks'`;

/**
 * Upgrades a database to {@link SCHEMA_VERSION}, each step in one transaction. Before a step that has a backfill,
 * an earlier backfill is completed.
 *
 * @throws {Error} if the database is newer than this code.
 */
export function migrate(sql: Sql): void {
  sql.transaction(() => {
    sql.exec(CREATE_VERSION);
    // A database of 0.1.0 has tables but no version.
    if (!readVersion(sql)) writeVersion(sql, sql.exec(HAS_TASKS).length > 0 ? 1 : 0, null);
  });
  const { version } = currentVersion(sql);
  if (version > SCHEMA_VERSION) {
    throw new Error(
      `The ledger's database has schema version ${version}, but this release supports versions up to ${SCHEMA_VERSION}: deploy the release that wrote it, or a later one`,
    );
  }
  const isNew = version === 0;
  for (const { statements, backfill } of MIGRATIONS.slice(version)) {
    while (backfill && backfillNext(sql));
    sql.transaction(() => {
      for (const statement of statements) sql.exec(statement);
      const before = currentVersion(sql);
      writeVersion(sql, before.version + 1, backfill && !isNew ? '' : before.backfill);
    });
  }
}

/** Whether a step has rows left to upgrade. */
export function isBackfilling(sql: Sql): boolean {
  return currentVersion(sql).backfill !== null;
}

/**
 * Runs one portion of the latest backfill in the caller's transaction.
 *
 * @returns whether there is more to do.
 */
export function backfillNext(sql: Sql): boolean {
  const { version, backfill } = currentVersion(sql);
  if (backfill === null) return false;
  const step = MIGRATIONS.slice(0, version).findLast((one) => one.backfill);
  const next = step?.backfill?.(sql, backfill) ?? null;
  writeVersion(sql, version, next);
  return next !== null;
}

function readVersion(sql: Sql): Version | undefined {
  return sql.exec<{ version: number; backfill: string | null }>(SELECT_VERSION)[0];
}

function currentVersion(sql: Sql): Version {
  return readVersion(sql) ?? { version: 0, backfill: null };
}

function writeVersion(sql: Sql, version: number, backfill: string | null): void {
  sql.exec(WRITE_VERSION, version, backfill);
}
