import * as z from 'zod';
import type { TaskRow } from '../contract/ledger.ts';
import { shardOf, windowOf } from '../contract/task-id.ts';

/** One archived task, as the ledger's row of it was. */
const ArchivedTask = z.custom<TaskRow>(
  (value) => typeof value === 'object' && value !== null && 'id' in value,
);

/** The first part of a window's archive names the first id of every further part. */
export const ArchiveHead = z.object({ tasks: z.array(ArchivedTask), further: z.array(z.string()) });
export type ArchiveHead = z.infer<typeof ArchiveHead>;
export const ArchivePart = z.object({ tasks: z.array(ArchivedTask) });
export type ArchivePart = z.infer<typeof ArchivePart>;

/** How long an archived window is kept. */
export const ARCHIVE_TTL_SECONDS = 90 * 24 * 3600;

/** The KV key of a part of a window's archive; part 0 is the head. */
export function archiveKey(shard: number, window: string, part: number): string {
  return part === 0 ? `done:${shard}:${window}` : `done:${shard}:${window}:${part}`;
}

/**
 * How a task of a closed window ended; null where the archive does not have it.
 *
 * @returns `pending` while the archive is not written, or KV does not show it yet.
 */
export async function readArchived(storage: KVNamespace, id: string): Promise<TaskRow | null | 'pending'> {
  const [shard, window] = [shardOf(id), windowOf(id)];
  const head = await storage.get(archiveKey(shard, window, 0), 'json');
  if (head === null) return 'pending';
  const { tasks, further } = ArchiveHead.parse(head);
  const part = further.findLastIndex((first) => first <= id) + 1;
  if (part === 0) return tasks.find((task) => task.id === id) ?? null;
  const later = await storage.get(archiveKey(shard, window, part), 'json');
  if (later === null) return 'pending';
  return ArchivePart.parse(later).tasks.find((task) => task.id === id) ?? null;
}
