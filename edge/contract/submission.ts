import * as z from 'zod';
import type { NewTask } from './ledger/tasks.ts';
import { MAX_BATCH_TASKS, MAX_INLINE_BYTES } from './limits.ts';
import { Backoff, MaxAttempts, Priority, TaskType, TimeoutSeconds } from './task.ts';
import { createdAtOf, isTaskId, taskIdAt } from './task-id.ts';
import { byteLength } from './text.ts';

/** The name of a submission: a task id without its index. */
export const SubmissionName = z
  .string()
  .refine((name) => isTaskId(`${name}0000`), 'Expected the name of a submission');

/** An accepted task without its payload. Times are Unix milliseconds. */
const TaskOptions = z.object({
  type: TaskType,
  /** The size of the payload if it is too large for queue messages and for the ledger. */
  bodyBytes: z.int().optional(),
  priority: Priority,
  /** Absent if the task may run at once. */
  runAtMs: z.int().optional(),
  maxAttempts: MaxAttempts.optional(),
  backoff: Backoff.optional(),
  timeoutSeconds: TimeoutSeconds.optional(),
  tags: z.array(z.string()).optional(),
});
export type TaskOptions = z.infer<typeof TaskOptions>;

/** An accepted task as a queue message contains it: without its payload if that is large. */
export const AcceptedTask = TaskOptions.extend({ payload: z.unknown().optional() }).refine(
  ({ payload, bodyBytes }) => payload !== undefined || bodyBytes !== undefined,
  {
    path: ['payload'],
    message: 'Expected a payload, or the size of a payload that is stored in the record',
  },
);
export type AcceptedTask = z.infer<typeof AcceptedTask>;

/** An accepted submission. The task at index i of `tasks` has the id `taskIdAt(submission, i)`. */
export const SubmissionRecord = z.object({ submission: SubmissionName, tasks: z.array(AcceptedTask) });
export type SubmissionRecord = z.infer<typeof SubmissionRecord>;

/**
 * The first line of the value of a `task:` key. Each further line is the payload of a task, as JSON text, in the
 * order of `tasks`. Version 0.1.0 wrote a `SubmissionRecord` in one line instead.
 */
export const RecordHeader = z.object({
  format: z.literal(2),
  submission: SubmissionName,
  tasks: z.array(TaskOptions),
});
export type RecordHeader = z.infer<typeof RecordHeader>;

/** A message of the task queue: tasks of a submission, beginning with the task at index `first`. */
export const QueueMessage = z.object({
  submission: SubmissionName,
  first: z.int().min(0).max(MAX_BATCH_TASKS),
  tasks: z.array(AcceptedTask).min(1).max(MAX_BATCH_TASKS),
});
export type QueueMessage = z.infer<typeof QueueMessage>;

const MAX_TIME = 2 ** 48 - 1;

/**
 * The KV key of a submission. It contains the inverted time, so that a list is newest first. The first eight
 * hex digits identify a window of 65.5 s.
 */
export function recordKey(submission: string): string {
  const inverted = MAX_TIME - createdAtOf(submission);
  return `task:${inverted.toString(16).padStart(12, '0')}:${submission}`;
}

/** The KV metadata of a record, known before the record is read. Version 0.1.0 did not write `bytes`. */
export const RecordMetadata = z.object({ tasks: z.int(), bytes: z.int().optional() });
export type RecordMetadata = z.infer<typeof RecordMetadata>;

/** The key prefix of the records of one window. `window` is the first eight hex digits of its ids. */
export function recordPrefix(window: string): string {
  const inverted = 2 ** 32 - 1 - Number.parseInt(window, 16);
  return `task:${inverted.toString(16).padStart(8, '0')}`;
}

/** Converts the tasks of a submission or a message for the ledger to insert. */
export function newTasks({ submission, tasks }: SubmissionRecord, first = 0): NewTask[] {
  return tasks.map(({ payload, ...options }, index) => {
    const text = options.bodyBytes === undefined ? JSON.stringify(payload) : null;
    const bytes = text === null ? 0 : byteLength(text);
    const id = taskIdAt(submission, first + index);
    return bytes > MAX_INLINE_BYTES
      ? newTask(id, { ...options, bodyBytes: bytes }, null)
      : newTask(id, options, text);
  });
}

/** Converts a task for the ledger to insert. `payload` is null if it is stored in the record. */
export function newTask(
  id: string,
  { runAtMs, bodyBytes, ...options }: TaskOptions,
  payload: string | null,
): NewTask {
  return { ...options, id, payload, runAt: runAtMs, ...(bodyBytes !== undefined && { bodyBytes }) };
}
