import { DatabaseSync } from 'node:sqlite';

const SQLITE_BUSY = 5;

export interface FileLock {
  release(): void;
}

/** Referenced here as long as they are held: a database that is collected is closed, and its lock with it. */
const held = new Set<DatabaseSync>();

/**
 * Locks a file for this process. The operating system drops the lock when the process ends, whatever ended it,
 * so that no lock is ever stale. Node has no call for that; SQLite's exclusive lock is one on each system.
 *
 * @param path a file for nothing else; it is created if it is missing, in a folder that exists.
 * @param waitMs how long to wait for another process that holds it. Nothing else runs here meanwhile.
 * @returns undefined when another process holds it.
 */
export function lockFile(path: string, waitMs = 0): FileLock | undefined {
  const database = new DatabaseSync(path, { timeout: waitMs });
  try {
    // Nothing is written; a journal would stay when the process is killed.
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
