import { CURRENT_SHARD, ledgerOf } from '../http/ledger.ts';
import { type ArchiveHead, type ArchivePart, archiveKey } from './archive.ts';
import { type ApiEnv, numberOf } from './env.ts';
import { sweepWindow } from './sweep.ts';

const DEFAULT_RETENTION_HOURS = 24;
const DEFAULT_SEAL_EARLY_BYTES = 5e9;
const HOUR_MS = 3_600_000;
/** How many windows one run takes each step with. */
const WINDOWS_PER_RUN = 20;
const PART_BYTES = 2_000_000;
const ARCHIVE_TTL_SECONDS = 90 * 24 * 3600;

/**
 * Closes windows whose tasks have all ended: a last sweep, the seal, the archive, and some minutes later
 * the purge of the rows. Each step may be repeated, and whatever comes between two of them does no harm.
 */
export async function closeWindows(env: ApiEnv, now: number): Promise<void> {
  const ledger = ledgerOf(env);
  const early = (await ledger.size()) > numberOf(env.SEAL_EARLY_BYTES, DEFAULT_SEAL_EARLY_BYTES);
  const endedBefore = early ? now : now - numberOf(env.RETENTION_HOURS, DEFAULT_RETENTION_HOURS) * HOUR_MS;
  for (const window of await ledger.closable(endedBefore, WINDOWS_PER_RUN)) {
    await sweepWindow(env, window, now);
    await ledger.seal(window, endedBefore);
  }
  for (const { window, archived, purgeable } of await ledger.openSeals(WINDOWS_PER_RUN)) {
    if (!archived) await writeArchive(env, window);
    else if (purgeable) await ledger.purge(window);
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
