import * as z from 'zod';
import { Limit } from './api.ts';
import {
  MAX_CLAIM_TASKS,
  MAX_HEARTBEAT_LEASES,
  MAX_HELD_TASKS,
  MAX_JSON_DEPTH,
  MAX_PROGRESS_BYTES,
  MAX_RUNNER_NAME_BYTES,
  MAX_SHOWN_TASKS,
  MAX_WANTED_TYPES,
} from './limits.ts';
import { ScheduledRun } from './schedule.ts';
import { LeaseId, Priority, TaskId, TaskType, Timestamp } from './task.ts';
import { byteLength, nestsDeeperThan } from './text.ts';

/** A task's status in the buffer. A consumer may claim a task that is `ready`. */
export const BufferStatus = z.enum(['ready', 'scheduled', 'processing', 'completed', 'failed', 'cancelled']);
export type BufferStatus = z.infer<typeof BufferStatus>;

/** A task as the Consumer Worker shows it; `id` repeats `taskId`. */
export const BufferedTask = z
  .object({
    taskId: TaskId,
    id: TaskId,
    type: z.string(),
    payload: z.unknown(),
    createdAt: Timestamp,
    receivedAt: Timestamp,
    status: BufferStatus,
    claimedAt: Timestamp.optional(),
  })
  .meta({ id: 'BufferedTask' });
export type BufferedTask = z.infer<typeof BufferedTask>;

/** The query of `GET /tasks/ready` and `GET /tasks/all`. */
export const BufferQuery = z.object({ limit: Limit });

export const BufferList = z.object({ tasks: z.array(BufferedTask), count: z.int(), timestamp: Timestamp });
export type BufferList = z.infer<typeof BufferList>;

/** A task that was claimed. `timeoutSeconds` is set if the submission set it. */
export const ClaimedTask = BufferedTask.extend({
  /** The number of the attempt that begins when the task starts. */
  attempt: z.int(),
  maxAttempts: z.int(),
  timeoutSeconds: z.number().optional(),
  /** Absent if it is 0. */
  priority: Priority.optional(),
  schedule: ScheduledRun.optional(),
}).meta({ id: 'ClaimedTask' });
export type ClaimedTask = z.infer<typeof ClaimedTask>;

/** `POST /tasks/:id/claim`. */
export const SingleClaim = z.object({ success: z.literal(true), task: ClaimedTask, message: z.string() });
export type SingleClaim = z.infer<typeof SingleClaim>;

/** `POST /tasks/:id/complete` of the Consumer Worker. */
export const Removed = z.object({ success: z.literal(true), message: z.string(), taskId: TaskId });
export type Removed = z.infer<typeof Removed>;

/** A runner's name. The task's attempts show it. */
const RunnerName = z
  .string({ error: 'Expected `runner`, the name of the runner' })
  .min(1, 'Expected `runner`, the name of the runner, got an empty text')
  .refine(
    (name) => byteLength(name) <= MAX_RUNNER_NAME_BYTES,
    `Expected a name of at most ${MAX_RUNNER_NAME_BYTES} bytes of UTF-8`,
  )
  .meta({ description: `At most ${MAX_RUNNER_NAME_BYTES} bytes of UTF-8` });

/** The query of `GET /wake`. */
export const WakeQuery = z.object({ runner: RunnerName });

/** The only message of the wake socket: work is ready that the runner's last claim would have taken. */
export const WAKE_MESSAGE = 'ready';

export const LeaseSeconds = z.int().min(1).max(3600);

/** A thread that the runner has ended but that still runs, because native code cannot be interrupted. */
export const StuckThread = z.object({
  lane: z.enum(['cpu', 'io']),
  /** The runner ended the thread because of this task. `type` is the task's type. */
  taskId: TaskId,
  type: TaskType,
  /** When the runner ended the thread. */
  since: Timestamp,
});
export type StuckThread = z.infer<typeof StuckThread>;

/** The data that a runner reports about itself. Some of its claims carry it. */
export const RunnerAbout = z.object({
  startedAt: Timestamp,
  threads: z.int().min(0).max(10_000),
  ioConcurrency: z.int().min(0).max(100_000),
  /** All types that the runner handles, including types of which it wants no tasks now. */
  types: z.array(TaskType).max(MAX_WANTED_TYPES),
  /** The threads that have been stuck for longest. Absent: none, or the runner does not report them. */
  stuck: z.array(StuckThread).max(MAX_SHOWN_TASKS).optional(),
});
export type RunnerAbout = z.infer<typeof RunnerAbout>;

const AheadEntries = z.record(TaskType, z.int().min(1).max(MAX_CLAIM_TASKS));
type Ahead = z.infer<typeof AheadEntries>;

/** The number of entries is checked first, because checking each entry takes microseconds. */
const Ahead = z
  .custom<Ahead>(
    (value) => isSmallObject(value) && AheadEntries.safeParse(value).success,
    `Expected at most ${MAX_WANTED_TYPES} task types, each with a number of tasks from 1 to ${MAX_CLAIM_TASKS}`,
  )
  .meta({
    override: {
      type: 'object',
      maxProperties: MAX_WANTED_TYPES,
      additionalProperties: { type: 'integer', minimum: 1, maximum: MAX_CLAIM_TASKS },
    },
  });

function isSmallObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length <= MAX_WANTED_TYPES;
}

/** `POST /tasks/claim`: each want asks for up to `limit` tasks of any of its `types`. */
export const ClaimRequest = z
  .object({
    leaseId: LeaseId,
    runner: RunnerName,
    wants: z
      .array(
        z.object({
          types: z.array(TaskType).min(1).max(MAX_WANTED_TYPES),
          limit: z.int().min(1).max(MAX_CLAIM_TASKS),
          /**
           * How many of the granted tasks the runner starts at once. Each of these uses an attempt now. The
           * others are read ahead: each uses an attempt when a heartbeat or a report shows that it has started.
           * Absent: all start at once.
           */
          starts: z.int().min(0).max(MAX_CLAIM_TASKS).optional(),
          /** Which types may be read ahead, and how many tasks of each. Absent: none. */
          ahead: Ahead.optional(),
        }),
      )
      .min(1)
      .max(10),
    leaseSeconds: LeaseSeconds.optional(),
    about: RunnerAbout.optional(),
  })
  .refine(
    ({ wants }) => {
      const types = wants.flatMap((want) => want.types);
      return new Set(types).size === types.length;
    },
    { path: ['wants'], message: 'Expected each type once, got one twice' },
  );
export type ClaimRequest = z.infer<typeof ClaimRequest>;

/** How long to wait before the next call of this kind because the ledger is busy, in ms. Absent: no wait. */
const SpaceMs = z.int().min(0).max(60_000).optional();

/** The first task in the ledger that matches a want and was not granted. */
export const QueueHead = z.object({ priority: Priority, runAt: Timestamp });

export const Claim = z.object({
  tasks: z.array(ClaimedTask),
  leaseExpiresAt: Timestamp,
  ready: z.int(),
  /** For each want, in order: the first task that is left in the ledger; null if none is left. */
  next: z.array(QueueHead.nullable()).optional(),
  spaceMs: SpaceMs,
});
export type Claim = z.infer<typeof Claim>;

/** The progress of a running task: any JSON value. */
const Progress = z
  .unknown()
  .refine(
    isProgress,
    `Expected a progress value of at most ${MAX_PROGRESS_BYTES} bytes and ${MAX_JSON_DEPTH} levels`,
  );

/** Whether a value is small enough to be published as progress. */
export function isProgress(value: unknown): boolean {
  if (nestsDeeperThan(value, MAX_JSON_DEPTH)) return false;
  const text = JSON.stringify(value);
  return text !== undefined && byteLength(text) <= MAX_PROGRESS_BYTES;
}

/** `POST /tasks/heartbeat`: for each lease, the tasks that the runner still holds. */
export const HeartbeatRequest = z.object({
  leases: z
    .array(
      z.object({
        leaseId: LeaseId,
        holds: z.array(TaskId).max(MAX_HELD_TASKS),
        /** Tasks that were read ahead and have started. Listing one again changes nothing. */
        started: z.array(TaskId).max(MAX_HELD_TASKS).optional(),
        progress: z
          .array(z.object({ taskId: TaskId, value: Progress }))
          .max(MAX_CLAIM_TASKS)
          .optional(),
      }),
    )
    .min(1)
    .max(MAX_HEARTBEAT_LEASES),
});
export type HeartbeatRequest = z.infer<typeof HeartbeatRequest>;

export const HeartbeatAnswer = z.object({
  extended: z.array(z.object({ leaseId: z.string(), expiresAt: Timestamp })),
  lost: z.array(TaskId),
  cancelled: z.array(TaskId),
});
export type HeartbeatAnswer = z.infer<typeof HeartbeatAnswer>;

/**
 * `POST /tasks/release`. Without `taskIds` the lease gives back all its tasks, and its id cannot be used again:
 * a claim with this id that arrives later gets no tasks.
 */
export const ReleaseRequest = z.object({
  leaseId: LeaseId,
  taskIds: z
    .array(TaskId)
    .min(1)
    .max(10 * MAX_CLAIM_TASKS)
    .optional(),
});
export type ReleaseRequest = z.infer<typeof ReleaseRequest>;

/** `released` lists the tasks that this call gave back. */
export const Released = z.object({ success: z.literal(true), released: z.array(TaskId) });
