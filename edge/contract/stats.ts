import * as z from 'zod';
import { BufferStatus, StuckThread } from './buffer.ts';
import { TaskId, TaskType, Timestamp } from './task.ts';

/** How many tasks the ledger holds in each status now. A task that has ended stays in the ledger for a day. */
export const Counts = z.record(BufferStatus, z.int()).meta({ id: 'Counts' });
export type Counts = z.infer<typeof Counts>;

/** Counters of a task type since the type was first seen. */
export const Totals = z.object({
  completed: z.int(),
  failed: z.int(),
  cancelled: z.int(),
  /** Attempts that failed and were followed by another. */
  retries: z.int(),
  /** Attempts whose runner stopped renewing the lease. */
  leaseExpiries: z.int(),
});
export type Totals = z.infer<typeof Totals>;

export const TypeStats = z
  .object({
    type: z.string(),
    counts: Counts,
    totals: Totals,
    /** Claims get no tasks of the type. */
    paused: z.boolean(),
    /** A connected runner takes tasks of the type. */
    handled: z.boolean(),
  })
  .meta({ id: 'TypeStats' });
export type TypeStats = z.infer<typeof TypeStats>;

/** The 50th and the 95th percentile in milliseconds, accurate to about 20 percent. */
export const Percentiles = z.object({ p50: z.number(), p95: z.number() });
export type Percentiles = z.infer<typeof Percentiles>;

/** Tasks and attempts that ended within a minute. */
export const MinuteStats = z
  .object({
    /** When the minute began. */
    minute: Timestamp,
    completed: z.int(),
    failed: z.int(),
    /** From when the attempt could begin until its task was claimed. Absent if no attempt ended. */
    waitMs: Percentiles.optional(),
    /** From the claim to the report. */
    runMs: Percentiles.optional(),
  })
  .meta({ id: 'MinuteStats' });
export type MinuteStats = z.infer<typeof MinuteStats>;

/** `GET /stats`. */
export const QueueStats = z
  .object({
    timestamp: Timestamp,
    counts: Counts,
    /** The ready task that could have been claimed for the longest time. */
    oldestWaiting: z.object({ taskId: TaskId, type: z.string(), since: Timestamp }).optional(),
    /** At most 200 types. Types with the most tasks that have not ended come first. */
    types: z.array(TypeStats),
    /** The minutes of the last hour in which something ended, oldest first. */
    minutes: z.array(MinuteStats),
  })
  .meta({ id: 'QueueStats' });
export type QueueStats = z.infer<typeof QueueStats>;

/** A task that a runner holds. */
export const HeldTaskView = z.object({ taskId: TaskId, type: z.string(), claimedAt: Timestamp });

/** A runner that is connected or holds tasks. Data that it has not reported is absent. */
export const RunnerView = z
  .object({
    name: z.string(),
    startedAt: Timestamp.optional(),
    threads: z.int().optional(),
    ioConcurrency: z.int().optional(),
    types: z.array(z.string()).optional(),
    /** Threads that the runner has ended but that still run, 20 at most. */
    stuck: z.array(StuckThread).optional(),
    /** How many tasks the runner holds: tasks that run and tasks that it starts next. */
    held: z.int(),
    /** The tasks that it has held longest, 20 at most. */
    tasks: z.array(HeldTaskView),
  })
  .meta({ id: 'RunnerView' });
export type RunnerView = z.infer<typeof RunnerView>;

/** `GET /runners`. */
export const RunnerList = z.object({ runners: z.array(RunnerView), count: z.int() });
export type RunnerList = z.infer<typeof RunnerList>;

/** A message of the socket `GET /live`. It sends one when it opens, then at most one a second after changes. */
export const LiveUpdate = z
  .object({ stats: QueueStats, runners: z.array(RunnerView) })
  .meta({ id: 'LiveUpdate' });
export type LiveUpdate = z.infer<typeof LiveUpdate>;

/** `POST /tickets`: authorises a browser's socket or event stream, because these cannot send a header. */
export const Ticket = z.object({ ticket: z.string(), expiresAt: Timestamp });
export type Ticket = z.infer<typeof Ticket>;

/** `POST /types/:type/pause` and `POST /types/:type/resume`. */
export const TypeSwitch = z.object({ success: z.literal(true), type: TaskType, paused: z.boolean() });
export type TypeSwitch = z.infer<typeof TypeSwitch>;
