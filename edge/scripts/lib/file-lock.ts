import { DatabaseSync } from 'node:sqlite';

const SQLITE_BUSY = 5;

export interface FileLock {
  release(): void;
}

/** References to the held locks: garbage collection would close the database and release its lock. */
const held = new Set<DatabaseSync>();

/**
 * Locks a file for this process. The operating system releases the lock when the process ends for any reason, so
 * no lock is ever stale. Node has no such call, but SQLite's exclusive lock works like this on each system.
 *
 * @param path a file used only for this lock. It is created if it is missing; its folder must exist.
 * @param waitMs how long to wait for another process that holds the lock. The wait blocks this process.
 * @returns undefined if another process holds the lock.
 */
export function lockFile(path: string, waitMs = 0): FileLock | undefined {
  const database = new DatabaseSync(path, { timeout: waitMs });
  try {
    // Nothing is written. A journal file would remain if the process were killed.
    database.exec('PRAGMA journal_mode = MEMORY');
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) return undefined;
    throw error;
  }
  held.add(database);
  return {
    release() {
      if (held.delete(database)) database.close();
    },
  };
}
