import type { WorkRow } from '../../contract/ledger/tasks.ts';
import { MAX_LIST_RECORDS } from '../../contract/limits.ts';
import { submissionOf } from '../../contract/task-id.ts';
import { unlessBusy } from '../../http/busy.ts';
import { OneAtATime } from '../../platform/one-at-a-time.ts';
import { withPayloads } from '../../platform/payloads.ts';
import type { BufferEnv } from '../env.ts';

/** Lists read one at a time, because each payload can have 10 MB and a worker has 128 MB. */
const reading = new OneAtATime();

/**
 * Fills in the payloads of listed tasks. The list ends before the first task whose record would exceed the limit.
 *
 * @throws {ApiError} 503 if the reads of other lists take too long.
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
