import type { WorkRow } from '../../contract/ledger/tasks.ts';
import { MAX_LIST_RECORDS } from '../../contract/limits.ts';
import { submissionOf } from '../../contract/task-id.ts';
import { unlessBusy } from '../../http/busy.ts';
import { OneAtATime } from '../../platform/one-at-a-time.ts';
import { withPayloads } from '../../platform/payloads.ts';
import type { BufferEnv } from '../env.ts';

/** The payloads of a list are up to 10 MB each, of the 128 MB that a worker has. */
const reading = new OneAtATime();

/**
 * Fills in the payloads of listed tasks: of those before the first whose payload lies in one record too many.
 *
 * @throws {ApiError} 503 if other lists read records for too long.
 */
export async function listedPayloads(env: BufferEnv, tasks: readonly WorkRow[]): Promise<WorkRow[]> {
  const listed = ofFirstRecords(tasks);
  if (listed.every(({ payload }) => payload !== null)) return listed;
  return unlessBusy(await reading.run(() => withPayloads(env.TASK_STORAGE, listed))).filled;
}

function ofFirstRecords(tasks: readonly WorkRow[]): WorkRow[] {
  const records = new Set<string>();
  const end = tasks.findIndex(({ id, payload }) => {
    if (payload === null) records.add(submissionOf(id));
    return records.size > MAX_LIST_RECORDS;
  });
  return tasks.slice(0, end === -1 ? tasks.length : end);
}
