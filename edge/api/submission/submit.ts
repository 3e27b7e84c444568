import * as z from 'zod';
import { BatchSubmitted, IdempotencyKey, SubmissionId, Submitted } from '../../contract/api.ts';
import { newTasks, type RecordMetadata, recordKey } from '../../contract/submission.ts';
import { BatchSubmission, TaskSubmission } from '../../contract/task.ts';
import { taskIdAt } from '../../contract/task-id.ts';
import { ApiError } from '../../http/errors.ts';
import { SUBMISSION, TASK_ID } from '../../http/examples.ts';
import { readBody } from '../../http/input.ts';
import { insertTasks } from '../../platform/ledger.ts';
import { logOf } from '../../platform/log.ts';
import { recordTtlSeconds } from '../cron/record-ttl.ts';
import type { ApiContext, ApiEnv, ApiRoute } from '../env.ts';
import { ledgerFull, noCapacity, noCapacityForTypes } from './capacity.ts';
import { claimKey } from './idempotency.ts';
import { type Prepared, prepare } from './prepare.ts';
import { packMessages, type SizedTask, sendGroups } from './queue-messages.ts';
import { nameSubmission } from './submission-id.ts';

const SubmissionHeaders = z.object({
  'Idempotency-Key': IdempotencyKey.optional().meta({
    description:
      'A repeat with the same key and the same request within 24 hours gets the first response again, with 200. Each token has separate keys. A key costs two calls to the ledger.',
  }),
  'Submission-Id': SubmissionId.optional().meta({
    description:
      'A UUIDv7 that the client creates for the submission. A repeat with the same id and the same request within ten minutes gets the same task ids and submits nothing again, at no further cost. The time in the id is the creation time of the tasks. It may be at most ten minutes in the past and one minute in the future. Ignored if the request also has an `Idempotency-Key`.',
  }),
});

const SUBMIT_ERRORS = [
  'too_many_types',
  'submission_id_not_current',
  'payload_too_large',
  'idempotency_key_reused',
  'full',
  'unavailable',
] as const;

/** `POST /tasks`. */
export const submitTask: ApiRoute = [
  {
    name: 'submitTask',
    summary: 'Submit a task',
    description:
      'After the response 201, the task always reaches a final status, even if parts of the system fail.',
    tag: 'Tasks',
    tokens: ['client'],
    headers: SubmissionHeaders,
    body: { schema: TaskSubmission, example: SUBMISSION },
    answer: {
      status: 201,
      schema: Submitted,
      example: { success: true, taskId: TASK_ID, status: 'pending', message: 'Task queued successfully' },
    },
    errors: SUBMIT_ERRORS,
  },
  async (c) => {
    const task = readBody(c, TaskSubmission);
    const { submission, repeated } = await accept(c, [task], () => []);
    const answer: Submitted = {
      success: true,
      taskId: taskIdAt(submission, 0),
      status: 'pending',
      message: 'Task queued successfully',
    };
    return c.json(answer, repeated ? 200 : 201);
  },
];

/** `POST /tasks/batch`. */
export const submitTasks: ApiRoute = [
  {
    name: 'submitTasks',
    summary: 'Submit up to 1,000 tasks',
    description: 'Either all tasks are accepted or none. The ids are in the order of the tasks.',
    tag: 'Tasks',
    tokens: ['client'],
    headers: SubmissionHeaders,
    body: { schema: BatchSubmission, example: { tasks: [SUBMISSION] } },
    answer: {
      status: 201,
      schema: BatchSubmitted,
      example: {
        success: true,
        taskIds: [TASK_ID],
        count: 1,
        status: 'pending',
        message: 'Tasks queued successfully',
      },
    },
    errors: SUBMIT_ERRORS,
  },
  async (c) => {
    const { tasks } = readBody(c, BatchSubmission);
    const { submission, repeated } = await accept(c, tasks, (index) => ['tasks', index]);
    const answer: BatchSubmitted = {
      success: true,
      taskIds: tasks.map((_, index) => taskIdAt(submission, index)),
      count: tasks.length,
      status: 'pending',
      message: 'Tasks queued successfully',
    };
    return c.json(answer, repeated ? 200 : 201);
  },
];

/**
 * Accepts a submission once for each idempotency key, or once for each `Submission-Id`. If a request has both, the
 * key decides. The tasks are validated before the key is reserved. A repeat of an accepted submission gets the
 * first response again, even while new submissions are refused.
 *
 * @param placeOf the path of a task in the request.
 * @returns the submission's name, from which the ids of its tasks are derived.
 * @throws {ApiError} 503 if the record could not be written or the ledger is full, 400 for too many types.
 */
async function accept(
  c: ApiContext,
  submitted: readonly TaskSubmission[],
  placeOf: (index: number) => PropertyKey[],
): Promise<{ submission: string; repeated: boolean }> {
  const { submission, named } = await nameSubmission(c);
  const prepared = prepare(submission, submitted, placeOf);
  const types = submitted.map(({ type }) => type);
  const unknownTypes = await noCapacityForTypes(c, types);
  const claim = await claimKey(c, submission, unknownTypes);
  if (!claim) {
    const refusal = unknownTypes ?? (await noCapacity(c));
    if (!refusal) await store(c.env, prepared, named);
    else if (!named || !(await isStored(c.env, submission))) throw refusal;
    return { submission, repeated: false };
  }
  if (!claim.accepted) {
    const { repeated } = claim;
    const own = repeated ? prepare(claim.submission, submitted, placeOf) : prepared;
    await store(c.env, own, repeated);
    // The last sweep may have passed the window of a repeat, so its tasks are inserted directly.
    if (repeated && (await insertTasks(c.env, newTasks(own.record))).full) throw ledgerFull();
    await claim.markAccepted();
  }
  return claim;
}

/** Whether a submission was accepted before. */
async function isStored({ TASK_STORAGE }: ApiEnv, submission: string): Promise<boolean> {
  const { keys } = await TASK_STORAGE.list({ prefix: recordKey(submission), limit: 1 });
  return keys.length > 0;
}

/** KV accepts one write per second for a key, so the write of a repeat is retried after this time. */
const REPEAT_AFTER_MS = 1100;

/** The KV write accepts the submission. The queue then delivers the tasks, and the sweep those that it drops. */
async function store(env: ApiEnv, prepared: Prepared, mayRepeat: boolean): Promise<void> {
  const log = logOf(env);
  const { record, text, bytes, sized } = prepared;
  const { submission, tasks } = record;
  const metadata: RecordMetadata = { tasks: tasks.length, bytes };
  const options = { expirationTtl: recordTtlSeconds(env, prepared), metadata };
  const write = () => env.TASK_STORAGE.put(recordKey(submission), text, options);
  const writing = mayRepeat ? write().catch(() => scheduler.wait(REPEAT_AFTER_MS).then(write)) : write();
  const [written, sent] = await Promise.allSettled([writing, send(env.TASK_QUEUE, submission, sized)]);
  if (written.status === 'rejected') {
    log.error('The record of a submission was not written', { submission, error: written.reason });
    throw new ApiError('unavailable', 'The task could not be stored; submit it again');
  }
  if (sent.status === 'rejected') {
    log.warn('A submission was stored, but sending it to the queue failed', {
      submission,
      error: sent.reason,
    });
  }
  log.debug('A submission was accepted', () => ({ submission, count: tasks.length }));
}

async function send(queue: Queue, submission: string, sized: readonly SizedTask[]): Promise<void> {
  const groups = sendGroups(packMessages(submission, sized));
  await Promise.all(groups.map((group) => queue.sendBatch(group.map(({ message }) => ({ body: message })))));
}
