import { windowEnd } from '../contract/task-id.ts';
import { CURRENT_SHARD, ledgerOf } from '../http/ledger.ts';
import { numberOf } from '../http/variables.ts';
import { ARCHIVE_TTL_SECONDS, type ArchiveHead, type ArchivePart, archiveKey } from './archive.ts';
import type { ApiEnv } from './env.ts';
import { SURE_AFTER_MS, sweepWindow } from './sweep.ts';

const DEFAULT_RETENTION_HOURS = 24;
const DEFAULT_SEAL_EARLY_BYTES = 5e9;
const HOUR_MS = 3_600_000;
/** How many windows one run takes each step with. */
const WINDOWS_PER_RUN = 20;
/** Closed windows that wait for their purge must not hide those that wait for their archive. */
const MAX_OPEN_SEALS = 1000;
const PART_BYTES = 2_000_000;

/**
 * Closes windows whose tasks have all ended, once KV shows all their records: a last sweep, the seal, the
 * archive, and some minutes later the purge of the rows. Each step may be repeated, and whatever comes
 * between two of them does no harm.
 */
export async function closeWindows(env: ApiEnv, now: number): Promise<void> {
  const ledger = ledgerOf(env);
  const early =
    (await ledger.size()) > numberOf('SEAL_EARLY_BYTES', env.SEAL_EARLY_BYTES, DEFAULT_SEAL_EARLY_BYTES);
  const retentionMs = numberOf('RETENTION_HOURS', env.RETENTION_HOURS, DEFAULT_RETENTION_HOURS) * HOUR_MS;
  const endedBefore = early ? now : now - retentionMs;
  const windows = await ledger.closable(endedBefore, WINDOWS_PER_RUN);
  for (const window of windows.filter((one) => windowEnd(one) < now - SURE_AFTER_MS)) {
    // What is missing now would be refused once the window is closed.
    if (await sweepWindow(env, window, now)) await ledger.seal(window, endedBefore);
  }
  const seals = await ledger.openSeals(MAX_OPEN_SEALS);
  for (const { window } of seals.filter((seal) => !seal.archived).slice(0, WINDOWS_PER_RUN)) {
    await writeArchive(env, window);
  }
  for (const { window } of seals.filter((seal) => seal.purgeable).slice(0, WINDOWS_PER_RUN)) {
    await ledger.purge(window);
  }
}

/** Writes a closed window's tasks in parts, the first part last: where it stands, all others do. */
async function writeArchive(env: ApiEnv, window: string): Promise<void> {
  const ledger = ledgerOf(env);
  const write = (part: number, value: ArchiveHead | ArchivePart) =>
    env.TASK_STORAGE.put(archiveKey(CURRENT_SHARD, window, part), JSON.stringify(value), {
      expirationTtl: ARCHIVE_TTL_SECONDS,
    });
  const head = await ledger.archivePage(window, '', PART_BYTES);
  const further: string[] = [];
  let last = head;
  while (last.more) {
    last = await ledger.archivePage(window, last.tasks.at(-1)?.id ?? '', PART_BYTES);
    further.push(last.tasks[0]?.id ?? '');
    await write(further.length, { tasks: last.tasks });
  }
  await write(0, { tasks: head.tasks, further });
  await ledger.markArchived(window);
}
