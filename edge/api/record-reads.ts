import type { NewTask } from '../contract/ledger/tasks.ts';
import { indexOf, submissionOf } from '../contract/task-id.ts';
import { unlessBusy } from '../http/busy.ts';
import { insertTasks } from '../platform/ledger.ts';
import { OneAtATime } from '../platform/one-at-a-time.ts';
import { type RecordQuery, type RecordRead, readTasks } from '../platform/records.ts';
import type { ApiEnv } from './env.ts';

/** Large records that clients read. */
export const clientReads = new OneAtATime();
/** Submissions that are delivered because a client asks for one of their tasks. */
const deliveries = new OneAtATime();

/**
 * A task as it was accepted; undefined if KV does not have it.
 *
 * @throws {ApiError} 503 if others read large records for too long.
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

/** Delivers a submission past the queue; while another one is delivered so, it is left to the sweep. */
export async function deliverSubmission(env: ApiEnv, submission: string): Promise<void> {
  const deliver = async () => {
    const read = await readTasks(env.TASK_STORAGE, submission, { payloads: 'inline', gate: clientReads });
    if ('tasks' in read) await insertTasks(env, read.tasks);
  };
  await deliveries.run(deliver, 0);
}
