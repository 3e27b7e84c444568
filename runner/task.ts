import type { z } from 'zod';

/** Where a task runs: on `cpu` it has its own thread, on `io` many tasks that mostly wait share one thread. */
export type Lane = 'cpu' | 'io';

/** The wait before the next attempt: a random time up to `baseSeconds`, which doubles with each attempt. */
export interface Backoff {
  /** 0 to 86,400; 1 by default. */
  readonly baseSeconds?: number | undefined;
  /** The longest wait, 0 to 86,400; 3,600 by default. */
  readonly capSeconds?: number | undefined;
}

/** Writes to the runner's log. Every line has the task's id; `details` adds further fields. */
export interface TaskLog {
  /** Shown with `--log-level debug`. */
  debug(message: string, details?: object): void;
  /** For what a task does. */
  info(message: string, details?: object): void;
  /** For what a person should look at. */
  warn(message: string, details?: object): void;
  /** For errors. */
  error(message: string, details?: object): void;
}

/** The planned time of a schedule. */
export interface ScheduledRun {
  /** The schedule's name. */
  readonly name: string;
  /** ISO 8601 in UTC. */
  readonly plannedAt: string;
  /** Whether the task was inserted more than a minute after it, because the queue was down or the schedule paused. */
  readonly missed: boolean;
}

/** What a running task gets in addition to its payload. `Variable`: the names in its type's `env`. */
export interface TaskContext<Variable extends string = never> {
  /** The id that the submission returned. */
  readonly taskId: string;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** The maximum number of seconds that this attempt may take, from its start; undefined if there is no limit. */
  readonly timeoutSeconds: number | undefined;
  /** The planned time that the task runs for; undefined if no schedule inserted it. */
  readonly schedule: ScheduledRun | undefined;
  /** Aborts when the task has timed out, was cancelled, or lost its lease. Shortly after, its thread is ended. */
  readonly signal: AbortSignal;
  /** The runner's data folder, an absolute path. */
  readonly dataDir: string;
  /** The environment variables that the task's type names; undefined if the runner does not have one. */
  readonly env: Readonly<Record<Variable, string | undefined>>;
  /** The task's part of the runner's log. */
  readonly log: TaskLog;
  /** Publishes the task's progress: any JSON value. `GET /tasks/:id/status` shows it. */
  progress(value: unknown): void;
}

/** The schedule that a task type declares: when it runs, and with which task. */
export interface DeclaredSchedule {
  /** The name of the schedule; the type by default. */
  readonly name?: string | undefined;
  /** Five fields, or six with seconds first. Either this or `everySeconds`. */
  readonly cron?: string | undefined;
  /** Seconds between planned times, at least 1. */
  readonly everySeconds?: number | undefined;
  /** Of `cron`: an IANA name such as `Europe/Berlin`; UTC by default. */
  readonly timezone?: string | undefined;
  /** ISO 8601 UTC. No planned time is before it. */
  readonly startAt?: string | undefined;
  /** ISO 8601 UTC. No planned time is after it. */
  readonly endAt?: string | undefined;
  /** `{}` by default. */
  readonly payload?: unknown;
  /** −100 to 100, higher first; 0 by default. */
  readonly priority?: number | undefined;
  /** Up to 10 words to find its tasks by. */
  readonly tags?: readonly string[] | undefined;
  /** While the last run is alive: `skip` (default), `queue`, `cancel` the last run, or `allow` both. */
  readonly overlap?: 'skip' | 'queue' | 'cancel' | 'allow' | undefined;
  /** Times that passed while the queue was down or the schedule paused: the latest `one` (default), `skip`, `all`. */
  readonly missed?: 'one' | 'skip' | 'all' | undefined;
  /** How far `missed` looks back, in seconds; 86,400 by default. */
  readonly missedWithinSeconds?: number | undefined;
  /** Each task waits for a further time of up to this many seconds; 0 by default. */
  readonly jitterSeconds?: number | undefined;
}

/** A task type: its name, where it runs, its payload, and its work. */
export interface TaskDefinition<
  Payload extends z.ZodType = z.ZodType,
  Type extends string = string,
  Result = unknown,
  Variable extends string = string,
> {
  /** The `type` that clients submit, unique within a runner. */
  readonly type: Type;
  /** `cpu` for work that computes, `io` for work that waits. */
  readonly lane: Lane;
  /** Checks the payload before each attempt. A payload that does not match fails the task at once. */
  readonly payload: Payload;
  /** Seconds that an attempt may take, unless the submission sets a timeout. No limit by default. */
  readonly timeoutSeconds?: number | undefined;
  /** Number of attempts before the task fails, 1 to 100, unless the submission sets a number. 3 by default. */
  readonly maxAttempts?: number | undefined;
  /** The wait between attempts, unless the submission sets one. */
  readonly backoff?: Backoff | undefined;
  /**
   * Megabytes of heap, Buffers and native memory that an attempt may use. An attempt that uses more fails. 1,024
   * by default. On the io lane the tasks share a thread, whose limit is the largest of theirs. Native memory is
   * only known for the whole process: it counts when all running tasks together use too much.
   */
  readonly memoryMb?: number | undefined;
  /**
   * Names of the environment variables that its tasks get as `context.env`; none by default. A task gets no other
   * variables of the runner, except those that describe the machine, such as `PATH`, `HOME` and `TZ`.
   */
  readonly env?: readonly Variable[] | undefined;
  /**
   * When its tasks are inserted without a submission; never by default. `runner schedules apply` sets the schedules
   * that task types declare, as a step of a deployment. `npm start` and `runner dev` do so by themselves.
   */
  readonly schedule?: DeclaredSchedule | undefined;
  /** Does the work. The returned value is stored as JSON of at most 256 KB. If it throws, the attempt fails. */
  run(payload: z.output<Payload>, context: TaskContext<Variable>): Result;
}

/**
 * Defines a task type, which must be the default export of its file. The definition's TypeScript type gives
 * clients the types of its name, payload and result.
 *
 * @example
 * ```ts
 * export default defineTask({
 *   type: 'square',
 *   lane: 'cpu',
 *   payload: z.object({ n: z.number() }),
 *   run: ({ n }) => n * n,
 * });
 * ```
 */
export function defineTask<
  Payload extends z.ZodType,
  const Type extends string = string,
  Result = unknown,
  const Variable extends string = never,
>(
  definition: TaskDefinition<Payload, Type, Result, Variable>,
): TaskDefinition<Payload, Type, Result, Variable> {
  return definition;
}

/**
 * Throw this error if no further attempt can succeed: the task fails at once.
 *
 * @example
 * ```ts
 * if (!(await exists(payload.file))) throw new NonRetryableError(`There is no file ${payload.file}`);
 * ```
 */
export class NonRetryableError extends Error {
  override readonly name = 'NonRetryableError';
}
