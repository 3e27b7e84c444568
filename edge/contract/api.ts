import * as z from 'zod';
import { DEFAULT_LIST_LIMIT, MAX_LIST_LIMIT, MAX_REPORT_RESULTS, MAX_WAIT_SECONDS } from './limits.ts';
import { ScheduledRun, ScheduleName } from './schedule.ts';
import {
  Attempt,
  Backoff,
  LeaseId,
  MaxAttempts,
  ReportedError,
  Tag,
  TaskError,
  TaskId,
  TaskStatus,
  TaskType,
  Timestamp,
} from './task.ts';
import { isTaskId } from './task-id.ts';

/** `GET /health` of either worker. */
export const Health = z.object({ status: z.literal('healthy'), timestamp: Timestamp, service: z.string() });
export type Health = z.infer<typeof Health>;

/** `POST /tasks` → 201. */
export const Submitted = z.object({
  success: z.literal(true),
  taskId: TaskId,
  status: TaskStatus,
  message: z.string(),
});
export type Submitted = z.infer<typeof Submitted>;

/** `POST /tasks/batch` → 201. */
export const BatchSubmitted = z.object({
  success: z.literal(true),
  taskIds: z.array(TaskId),
  count: z.int(),
  status: TaskStatus,
  message: z.string(),
});
export type BatchSubmitted = z.infer<typeof BatchSubmitted>;

/** `GET /tasks/:id/status`. */
export const StatusView = z
  .object({
    taskId: TaskId,
    status: TaskStatus,
    type: z.string(),
    createdAt: Timestamp,
    completedAt: Timestamp.optional(),
    attempt: z.int(),
    maxAttempts: z.int(),
    runAt: Timestamp.optional(),
    progress: z.unknown().optional(),
    error: TaskError.optional(),
  })
  .meta({ id: 'StatusView' });
export type StatusView = z.infer<typeof StatusView>;

/** `GET /tasks/:id`. */
export const TaskView = StatusView.extend({
  payload: z.unknown(),
  result: z.unknown().optional(),
  priority: z.int(),
  timeoutSeconds: z.number().optional(),
  tags: z.array(z.string()).optional(),
  /** The planned time that it runs for; absent if no schedule inserted it. */
  schedule: ScheduledRun.optional(),
  attempts: z.array(Attempt),
}).meta({ id: 'TaskView' });
export type TaskView = z.infer<typeof TaskView>;

export const Limit = z.coerce.number().int().min(1).max(MAX_LIST_LIMIT).default(DEFAULT_LIST_LIMIT);

/** The query of `GET /tasks/:id/status`: how long to hold the answer until the task has ended. */
export const StatusQuery = z.object({
  wait: z.coerce.number().min(0).max(MAX_WAIT_SECONDS).default(0),
});

/** The filters of a call that lists or changes tasks. */
export const TaskFilter = z.object({
  type: TaskType.optional(),
  /** The task has this tag. */
  tag: Tag.optional(),
  /** This schedule inserted the task. */
  schedule: ScheduleName.optional(),
  /** The task's id, or the first characters of it. */
  id: z
    .string()
    .toLowerCase()
    .regex(/^[0-9a-f-]{1,36}$/, 'Expected a task id or its beginning')
    .optional(),
  createdAfter: Timestamp.optional(),
  createdBefore: Timestamp.optional(),
  cursor: TaskId.optional(),
});

/** The query of `GET /tasks`. */
export const ListQuery = TaskFilter.extend({ status: TaskStatus.optional(), limit: Limit });
export type ListQuery = z.infer<typeof ListQuery>;

/** `GET /tasks`. */
export const TaskList = z.object({
  tasks: z.array(
    z.object({
      id: TaskId,
      type: z.string(),
      status: TaskStatus,
      attempt: z.int(),
      createdAt: Timestamp,
      completedAt: Timestamp.optional(),
      tags: z.array(z.string()).optional(),
    }),
  ),
  count: z.int(),
  nextCursor: TaskId.optional(),
});
export type TaskList = z.infer<typeof TaskList>;

/** The query of `POST /tasks/retry`: which tasks to retry. */
export const RetryQuery = TaskFilter.extend({
  status: z.enum(['failed', 'cancelled']).default('failed'),
  /** The task ended at this time or later. */
  since: Timestamp.optional(),
});

/** The query of `POST /tasks/cancel`: which tasks to cancel. */
export const CancelQuery = TaskFilter.extend({
  status: z.enum(['pending', 'processing']).default('pending'),
});

/** `POST /tasks/retry` and `POST /tasks/cancel`: the tasks that the call changed, of one page. */
export const Changed = z.object({
  success: z.literal(true),
  taskIds: z.array(TaskId),
  count: z.int(),
  nextCursor: TaskId.optional(),
});
export type Changed = z.infer<typeof Changed>;

/** The header `Idempotency-Key` of a submission. */
export const IdempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/, 'Expected an Idempotency-Key of 1 to 255 visible ASCII characters');

/** The header `Submission-Id` of a submission. The id is a UUIDv7, so it contains the time of its creation. */
export const SubmissionId = z
  .string()
  .toLowerCase()
  .refine(isTaskId, 'Expected a Submission-Id that is a UUID of version 7');

/** `POST /tasks/:id/complete` of the API Worker. */
export const CompleteRequest = z.object({
  success: z.boolean({ error: 'Expected `success`: true or false' }),
  result: z.unknown().optional(),
  error: ReportedError.optional(),
  leaseId: LeaseId.optional(),
});

export const Completed = z.object({
  success: z.literal(true),
  message: z.string(),
  taskId: TaskId,
  status: TaskStatus,
});
export type Completed = z.infer<typeof Completed>;

/** One result of `POST /tasks/complete`. */
export const TaskResult = z.object({
  taskId: TaskId,
  leaseId: LeaseId,
  success: z.boolean(),
  result: z.unknown().optional(),
  error: ReportedError.optional(),
  retry: z.object({ maxAttempts: MaxAttempts.optional(), backoff: Backoff.optional() }).optional(),
});
export type TaskResult = z.infer<typeof TaskResult>;

/** `POST /tasks/complete`. */
export const ReportRequest = z.object({ results: z.array(TaskResult).min(1).max(MAX_REPORT_RESULTS) });

/** The effect of a reported result: the task's status, or `stale` or `unknown` if the result changed nothing. */
export const Outcome = z.object({
  taskId: TaskId,
  status: z.union([TaskStatus, z.enum(['stale', 'unknown'])]),
  runAt: Timestamp.optional(),
});
export type Outcome = z.infer<typeof Outcome>;
export const ReportAnswer = z.object({
  outcomes: z.array(Outcome),
  /** How long to wait before the next report because the ledger is busy, in milliseconds. Absent: no wait. */
  spaceMs: z.int().min(0).max(60_000).optional(),
});
