import { batchSubmitted } from '../http/response-schemas.ts';
import type { SubmitManyOptions } from '../options.ts';
import type { NewTask, TaskIdOf } from '../types.ts';
import { cutBatches } from './batches.ts';
import { afterSubmitting, countedFrom } from './refused-batch.ts';
import type { Submitter } from './submitter.ts';

/**
 * Submits tasks in batches, one after the other.
 *
 * @throws {TaskQueueError} with the ids of the batches before the refused one in `submitted`. The indexes in its
 * `issues` count from the first task of all batches.
 */
export async function submitMany<Type extends string>(
  submitter: Submitter,
  tasks: Iterable<NewTask> | AsyncIterable<NewTask>,
  { idempotencyKey, onBatch, signal }: SubmitManyOptions,
): Promise<TaskIdOf<Type>[]> {
  const ids: TaskIdOf<Type>[] = [];
  let batches = 0;
  try {
    for await (const { first, body } of cutBatches(tasks)) {
      const key = idempotencyKey === undefined ? undefined : `${idempotencyKey}.${batches}`;
      const submission = { body, idempotencyKey: key, signal };
      const answer = submitter.submit('/tasks/batch', batchSubmitted<Type>(), submission);
      const { taskIds } = await answer.catch((error: unknown) => {
        throw countedFrom(first, error);
      });
      for (const id of taskIds) ids.push(id);
      batches += 1;
      onBatch?.(taskIds);
    }
  } catch (error) {
    throw afterSubmitting(ids, error);
  }
  return ids;
}
