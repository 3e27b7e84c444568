import { z } from 'zod';
import { Backoff, MaxAttempts, Priority, TaskType, TimeoutSeconds } from './task.ts';
import { createdAtOf } from './task-id.ts';

/** A task as it was accepted: the form of the KV record and of the queue message. Times are Unix milliseconds. */
export const AcceptedTask = z.object({
  type: TaskType,
  payload: z.unknown(),
  priority: Priority,
  /** Absent where the task may run at once. */
  runAtMs: z.int().optional(),
  maxAttempts: MaxAttempts.optional(),
  backoff: Backoff.optional(),
  timeoutSeconds: TimeoutSeconds.optional(),
  tags: z.array(z.string()).optional(),
});
export type AcceptedTask = z.infer<typeof AcceptedTask>;

/** The value of a `task:` key. The task at index i of `tasks` has the id `taskIdAt(submission, i)`. */
export const SubmissionRecord = z.object({ submission: z.string().length(32), tasks: z.array(AcceptedTask) });
export type SubmissionRecord = z.infer<typeof SubmissionRecord>;

/** A message of the task queue: the tasks of a submission from index `first` on. */
export const QueueMessage = z.object({
  submission: z.string().length(32),
  first: z.int().min(0),
  tasks: z.array(AcceptedTask).min(1),
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
