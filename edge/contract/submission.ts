import * as z from 'zod';
import type { NewTask } from './ledger.ts';
import { MAX_BATCH_TASKS, MAX_INLINE_BYTES } from './limits.ts';
import { Backoff, MaxAttempts, Priority, TaskType, TimeoutSeconds } from './task.ts';
import { createdAtOf, isTaskId, taskIdAt } from './task-id.ts';
import { byteLength } from './text.ts';

/** The name of a submission: a task id without its index. */
export const SubmissionName = z
  .string()
  .refine((name) => isTaskId(`${name}0000`), 'Expected the name of a submission');

/** A task as it was accepted: the form of the KV record and of the queue message. Times are Unix milliseconds. */
export const AcceptedTask = z
  .object({
    type: TaskType,
    /** Left out of a queue message where it is large; `bodyBytes` then tells how large. */
    payload: z.unknown().optional(),
    bodyBytes: z.int().optional(),
    priority: Priority,
    /** Absent where the task may run at once. */
    runAtMs: z.int().optional(),
    maxAttempts: MaxAttempts.optional(),
    backoff: Backoff.optional(),
    timeoutSeconds: TimeoutSeconds.optional(),
    tags: z.array(z.string()).optional(),
  })
  .refine(({ payload, bodyBytes }) => payload !== undefined || bodyBytes !== undefined, {
    path: ['payload'],
    message: 'Expected a payload, or the size of one that lies in the record',
  });
export type AcceptedTask = z.infer<typeof AcceptedTask>;

/** The value of a `task:` key. The task at index i of `tasks` has the id `taskIdAt(submission, i)`. */
export const SubmissionRecord = z.object({ submission: SubmissionName, tasks: z.array(AcceptedTask) });
export type SubmissionRecord = z.infer<typeof SubmissionRecord>;

/** A message of the task queue: the tasks of a submission from index `first` on. */
export const QueueMessage = z.object({
  submission: SubmissionName,
  first: z.int().min(0).max(MAX_BATCH_TASKS),
  tasks: z.array(AcceptedTask).min(1).max(MAX_BATCH_TASKS),
});
export type QueueMessage = z.infer<typeof QueueMessage>;

const MAX_TIME = 2 ** 48 - 1;

/**
 * The KV key of a submission. The time is inverted, so that a list is newest first, and the first eight
 * hex digits name a window of 65.5 s.
 */
export function recordKey(submission: string): string {
  const inverted = MAX_TIME - createdAtOf(submission);
  return `task:${inverted.toString(16).padStart(12, '0')}:${submission}`;
}

/** What a record's list entry tells of it. */
export const RecordMetadata = z.object({ tasks: z.int() });
export type RecordMetadata = z.infer<typeof RecordMetadata>;

/** The prefix that lists the records of one window, the first eight hex digits of its ids. */
export function recordPrefix(window: string): string {
  const inverted = 2 ** 32 - 1 - Number.parseInt(window, 16);
  return `task:${inverted.toString(16).padStart(8, '0')}`;
}

/** The tasks of a record or a message, as the ledger takes them in. */
export function newTasks({ submission, tasks }: SubmissionRecord, first = 0): NewTask[] {
  return tasks.map(({ payload, bodyBytes, runAtMs, ...task }, index) => ({
    ...task,
    ...bodyOf(payload, bodyBytes),
    id: taskIdAt(submission, first + index),
    runAt: runAtMs,
  }));
}

function bodyOf(payload: unknown, bodyBytes: number | undefined): Pick<NewTask, 'payload' | 'bodyBytes'> {
  if (bodyBytes !== undefined) return { payload: null, bodyBytes };
  const text = JSON.stringify(payload);
  const bytes = byteLength(text);
  return bytes > MAX_INLINE_BYTES ? { payload: null, bodyBytes: bytes } : { payload: text };
}
