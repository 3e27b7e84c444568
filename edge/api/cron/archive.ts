import * as z from 'zod';
import type { TaskRow } from '../../contract/ledger/tasks.ts';
import { shardOf, windowOf } from '../../contract/task-id.ts';

/** An archived task: the ledger's row of it. Its payload stays in the submission's record. */
const ArchivedTask = z.custom<TaskRow>(
  (value) => typeof value === 'object' && value !== null && 'id' in value,
);

/** The first part of a round. `further` contains the first id of each further part. */
export const ArchiveHead = z.object({ tasks: z.array(ArchivedTask), further: z.array(z.string()) });
export type ArchiveHead = z.infer<typeof ArchiveHead>;
export const ArchivePart = z.object({ tasks: z.array(ArchivedTask) });
export type ArchivePart = z.infer<typeof ArchivePart>;

/** The KV key of a part of an archive round of a window; part 0 is the head. */
export function archiveKey(shard: number, window: string, round: number, part: number): string {
  const head = `done:${shard}:${window}${round === 0 ? '' : `:r${round}`}`;
  return part === 0 ? head : `${head}:${part}`;
}

/**
 * Reads a task of a closed window; null if the archive does not have it.
 *
 * @param rounds how many rounds of its window have been written.
 * @returns `pending` while KV does not show the rounds.
 */
export async function readArchived(
  storage: KVNamespace,
  id: string,
  rounds: number,
): Promise<TaskRow | null | 'pending'> {
  let answer: null | 'pending' = null;
  for (let round = 0; round < rounds; round += 1) {
    const found = await readRound(storage, id, round);
    if (found === 'pending') answer = found;
    else if (found) return found;
  }
  return answer;
}

async function readRound(
  storage: KVNamespace,
  id: string,
  round: number,
): Promise<TaskRow | null | 'pending'> {
  const [shard, window] = [shardOf(id), windowOf(id)];
  const head = await storage.get(archiveKey(shard, window, round, 0), 'json');
  if (head === null) return 'pending';
  const { tasks, further } = ArchiveHead.parse(head);
  const part = further.findLastIndex((first) => first <= id) + 1;
  if (part === 0) return tasks.find((task) => task.id === id) ?? null;
  const later = await storage.get(archiveKey(shard, window, round, part), 'json');
  if (later === null) return 'pending';
  return ArchivePart.parse(later).tasks.find((task) => task.id === id) ?? null;
}
