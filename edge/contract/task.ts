import * as z from 'zod';
import {
  MAX_BATCH_TASKS,
  MAX_ERROR_MESSAGE_LENGTH,
  MAX_RUN_AHEAD_SECONDS,
  MAX_TIMEOUT_SECONDS,
  MAX_TYPE_LENGTH,
} from './limits.ts';
import { isTaskId, isUuid } from './task-id.ts';

/** ISO 8601 UTC with milliseconds. */
export const Timestamp = z.iso.datetime();

export const TaskId = z
  .string()
  .refine(isTaskId, 'Expected a task id: a lower-case UUIDv7, as returned by the submission');

export const LeaseId = z
  .string()
  .refine(isUuid, 'Expected a lease id: a UUID that the client created')
  .transform((id) => id.toLowerCase());

export const TaskType = z
  .string({ error: 'Expected `type`, the name of a task type' })
  .min(1, 'Expected a task type of at least one character')
  .max(MAX_TYPE_LENGTH, `Expected a task type of at most ${MAX_TYPE_LENGTH} characters`)
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._:/-]*$/,
    'Expected letters, digits and . _ : / - only, a letter or digit first',
  );

/** Full jitter: the delay before attempt n + 1 is random, at most `baseSeconds · 2^(n−1)` and `capSeconds`. */
export const Backoff = z
  .strictObject({
    baseSeconds: z.number().min(0).max(86_400).optional(),
    capSeconds: z.number().min(0).max(86_400).optional(),
  })
  .meta({ id: 'Backoff' });
export type Backoff = z.infer<typeof Backoff>;

export const MaxAttempts = z.int().min(1).max(100);
export const TimeoutSeconds = z.number().positive().max(MAX_TIMEOUT_SECONDS);
export const Priority = z.int().min(-100).max(100);

export const Tag = z.string().min(1).max(64);

/** A task as a client submits it. */
export const TaskSubmission = z
  .strictObject({
    type: TaskType,
    payload: z.unknown().optional(),
    priority: Priority.optional(),
    delaySeconds: z.number().min(0).max(MAX_RUN_AHEAD_SECONDS).optional(),
    runAt: Timestamp.optional(),
    maxAttempts: MaxAttempts.optional(),
    backoff: Backoff.optional(),
    timeoutSeconds: TimeoutSeconds.optional(),
    tags: z.array(Tag).max(10).optional(),
  })
  .refine((task) => task.delaySeconds === undefined || task.runAt === undefined, {
    path: ['runAt'],
    message: 'Expected `delaySeconds` or `runAt`, got both',
  })
  .meta({ id: 'TaskSubmission' });
export type TaskSubmission = z.infer<typeof TaskSubmission>;

export const BatchSubmission = z.strictObject({
  tasks: z
    .array(TaskSubmission)
    .min(1, 'Expected at least one task')
    .max(MAX_BATCH_TASKS, `Expected at most ${MAX_BATCH_TASKS} tasks; send the rest in another batch`),
});

/** A task's status over REST. */
export const TaskStatus = z.enum(['pending', 'processing', 'completed', 'failed', 'cancelled']);
export type TaskStatus = z.infer<typeof TaskStatus>;

/** A task's state in the ledger. */
export const TaskState = z.enum(['scheduled', 'ready', 'leased', 'completed', 'failed', 'cancelled']);
export type TaskState = z.infer<typeof TaskState>;

/** Whether a task has ended. A retry can start it again. */
export function isTerminal(state: TaskState): boolean {
  return state === 'completed' || state === 'failed' || state === 'cancelled';
}

/** Why an attempt failed. `code` is stable; `message` is for people and may change. */
export const TaskError = z.object({ code: z.string(), message: z.string() }).meta({ id: 'TaskError' });
export type TaskError = z.infer<typeof TaskError>;

/** One attempt that has ended. */
export const Attempt = z
  .object({
    attempt: z.int(),
    runner: z.string(),
    startedAt: Timestamp,
    endedAt: Timestamp,
    error: TaskError.optional(),
  })
  .meta({ id: 'Attempt' });

/** An error that a runner reports. A consumer that claims single tasks may send a plain string. */
export const ReportedError = z
  .union([
    z.string().transform((message) => ({ code: 'task_error', message, retryable: undefined })),
    z.object({
      code: z.string().min(1).max(64),
      message: z.string(),
      retryable: z.boolean().optional(),
    }),
  ])
  .transform(({ message, ...rest }) => ({ ...rest, message: message.slice(0, MAX_ERROR_MESSAGE_LENGTH) }));

/** The status that a client sees for a ledger state. */
export function statusOf(state: TaskState): TaskStatus {
  switch (state) {
    case 'scheduled':
    case 'ready':
      return 'pending';
    case 'leased':
      return 'processing';
    default:
      return state;
  }
}
