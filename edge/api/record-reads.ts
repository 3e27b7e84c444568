import type { NewTask } from '../contract/ledger/tasks.ts';
import { indexOf, submissionOf } from '../contract/task-id.ts';
import { unlessBusy } from '../http/busy.ts';
import { insertTasks } from '../platform/ledger.ts';
import { OneAtATime } from '../platform/one-at-a-time.ts';
import { type RecordQuery, type RecordRead, readTasks } from '../platform/records.ts';
import type { ApiEnv } from './env.ts';

/** Limits reads of large records for clients to one at a time. */
export const clientReads = new OneAtATime();
/** Limits deliveries for clients to one at a time. A client's read of a task causes such a delivery. */
const deliveries = new OneAtATime();

/**
 * Reads a task from its submission's record; undefined if KV does not have it.
 *
 * @throws {ApiError} 503 if reads of other large records take too long.
 */
export async function acceptedTask(
  { TASK_STORAGE }: ApiEnv,
  id: string,
  payloads: RecordQuery['payloads'],
): Promise<NewTask | undefined> {
  const query: RecordQuery = { indexes: [indexOf(id)], payloads, gate: clientReads };
  const { tasks } = unlessBusy<RecordRead>(await readTasks(TASK_STORAGE, submissionOf(id), query));
  return tasks[0];
}

/** Delivers a submission without the queue. While another delivery runs, this one is left to the sweep. */
export async function deliverSubmission(env: ApiEnv, submission: string): Promise<void> {
  const deliver = async () => {
    const read = await readTasks(env.TASK_STORAGE, submission, { payloads: 'inline', gate: clientReads });
    if ('tasks' in read) await insertTasks(env, read.tasks);
  };
  await deliveries.run(deliver, 0);
}
